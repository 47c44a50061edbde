"""Archives leave while they are made, and nothing of them is left behind."""

import io
import zipfile

import netCDF4
import pytest
from tests.data import extractions

from ocean_data.plan.extraction import read_parts
from ocean_data.writing.netcdf import NetCdf, ZipArchive


@pytest.fixture
def packed(tmp_path):
    return ZipArchive(NetCdf(), "made.nc", lambda: tmp_path / "whole.part")


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.read("made.nc")


def test_a_file_that_must_be_whole_is_packed_and_does_not_stay(packed, tmp_path):
    content = unpacked(extractions.written(packed, extractions.area()))
    with netCDF4.Dataset("made.nc", memory=content) as opened:
        assert opened["sst"].shape == (3, 3, 5)
    assert list(tmp_path.iterdir()) == []


def test_whoever_goes_leaves_no_file(packed, tmp_path):
    extraction = extractions.area()
    pieces = packed.pieces(extraction, read_parts(extraction, None), "r1")
    next(pieces)
    pieces.close()
    assert list(tmp_path.iterdir()) == []
