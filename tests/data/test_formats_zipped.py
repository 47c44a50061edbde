"""Archives leave while they are made, and nothing of them is left behind."""

import io
import zipfile

import netCDF4
import numpy as np
import pytest
from tests.data import extractions as made

from ocean_data.plan.extraction import read_parts
from ocean_data.writing.archive import ZipArchive
from ocean_data.writing.netcdf import NetCdf
from ocean_data.writing.table import Csv, Ndjson


@pytest.fixture
def packed(tmp_path):
    return lambda inner: ZipArchive(inner, "made.nc", lambda: tmp_path / "whole.part")


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.read("made.nc")


@pytest.mark.parametrize("inner", [Ndjson(), Csv()], ids=["ndjson", "csv"])
@pytest.mark.parametrize("name", ["area", "transect"])
def test_what_is_written_piece_by_piece_is_the_same_in_an_archive(packed, inner, name):
    plain = made.written(inner, made.KINDS[name]())
    assert unpacked(made.written(packed(inner), made.KINDS[name]())) == plain


def test_a_file_that_must_be_whole_is_packed_and_does_not_stay(packed, tmp_path):
    content = unpacked(made.written(packed(NetCdf()), made.area()))
    with netCDF4.Dataset("made.nc", memory=content) as opened:
        assert opened["sst"].shape == (3, 3, 5)
    assert list(tmp_path.iterdir()) == []


def test_the_first_bytes_leave_before_the_last_rows_are_read(packed):
    shape = {"time": 20, "latitude": 60, "longitude": 60}
    values = np.random.default_rng(3).normal(size=(20, 60, 60))
    where = made.places(["latitude", "longitude"], np.arange(60), np.arange(60))
    extraction = made.made(shape, [made.times(20), *where], {"sst": ((*shape,), values, {})}, kind="area")
    pieces = packed(Csv()).pieces(extraction, read_parts(extraction, None), "r1")
    first = next(pieces)
    assert first.startswith(b"PK")
    assert len(extraction.body.seen) < len(extraction.parts())
    whole = unpacked(first + b"".join(pieces))
    assert whole.count(b"\n") > values.size
    assert whole == made.written(Csv(), extraction)


def test_whoever_goes_leaves_no_file(packed, tmp_path):
    extraction = made.area()
    pieces = packed(NetCdf()).pieces(extraction, read_parts(extraction, None), "r1")
    next(pieces)
    pieces.close()
    assert list(tmp_path.iterdir()) == []
