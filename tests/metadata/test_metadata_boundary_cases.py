"""Edges that are easily lost: of boxes over the antimeridian, and of packed valid ranges."""

import pytest
import shapely

from ocean_metadata.catalogue.search import _split_box
from ocean_metadata.index.model import VariableHeader
from ocean_metadata.index.selection import valid_range


def test_a_box_over_the_antimeridian_has_a_part_on_either_side():
    parts = _split_box((170.0, -10.0, 190.0, 10.0))
    assert [part.bounds for part in parts] == [(170.0, -10.0, 180.0, 10.0), (-180.0, -10.0, -170.0, 10.0)]
    assert shapely.union_all(parts).area == pytest.approx(400.0)


def test_a_packed_valid_range_is_unpacked_with_factor_and_offset():
    attributes = {"valid_min": -100, "valid_max": 300, "scale_factor": 0.1, "add_offset": 20.0}
    header = VariableHeader(name="thetao", dtype="<i2", dimensions=(), shape=(), attributes=attributes)
    assert valid_range(header) == pytest.approx((10.0, 50.0))


def test_a_valid_range_of_unsigned_bytes_is_unsigned():
    attributes = {"valid_range": [0, -6], "scale_factor": 0.05, "_Unsigned": "true"}
    header = VariableHeader(name="sst", dtype="|i1", dimensions=(), shape=(), attributes=attributes)
    assert valid_range(header) == pytest.approx((0.0, 12.5))
