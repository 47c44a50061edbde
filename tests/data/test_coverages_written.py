"""Coverages of neighbours as files: what is written of an extraction is written of its coverage."""

import msgspec
import netCDF4
import numpy as np
import pytest

from ocean_common.contracts.data import AnyExtractionRequest, Coverage, PointsRequest, SectionRequest, TransectRequest

ARCTIC = {"dataset": "arctic_day", "variables": ["votemper"]}
REQUESTS = {
    "profile": PointsRequest(**ARCTIC, points=[(75.0, 10.0), (72.0, 20.0)], depth="all", names=["A", "B"]),
    "transect": TransectRequest(**ARCTIC, path=[(75.0, 0.0), (72.0, 20.0)], points=12),
    "days of a model": SectionRequest(
        dataset="nemo_global_month", variables=["tos"], path=[(40.0, -40.0), (50.0, -30.0)], points=9
    ),
}


def post(client, path, message):
    response = client.post(f"/internal/{path}", content=msgspec.msgpack.encode(message))
    assert response.status_code == 200, response.text
    return response.content


def describe(variable):
    """Return attributes but those of packing, which the values of a coverage have no more."""
    packing = {"_FillValue", "scale_factor", "add_offset", "valid_min", "valid_max"}
    return {name: str(value) for name, value in variable.__dict__.items() if name not in packing}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_coverage_is_written_as_its_extraction_is(client, name):
    request: AnyExtractionRequest = REQUESTS[name]
    coverage = msgspec.msgpack.decode(post(client, "extractions", request), type=Coverage)
    direct, again = (
        netCDF4.Dataset("a", memory=content)
        for content in (post(client, "extractions/netcdf", request), post(client, "coverages/netcdf", coverage))
    )
    with direct, again:
        assert again.__dict__ == direct.__dict__
        assert list(again.variables) == list(direct.variables)
        for key, variable in direct.variables.items():
            np.testing.assert_array_equal(again[key][...], variable[...])
            assert describe(again[key]) == describe(variable)
    text = post(client, "coverages/csv", coverage).decode()
    assert text == post(client, "extractions/csv", request).decode()


def test_a_coverage_in_an_unknown_format_or_form_is_a_problem(client):
    coverage = post(client, "extractions", REQUESTS["transect"])
    assert client.post("/internal/coverages/shapefile", content=coverage).status_code == 400
    assert client.post("/internal/coverages/netcdf", content=b"\x80").status_code == 400
