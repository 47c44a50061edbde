"""Real extractions of the shipped files, written in every format and read back."""

import io
import json

import numpy as np
import pytest
import xarray
from covjson_pydantic.coverage import Coverage
from tests.looping import loop_over

from ocean_common.contracts.data import (
    AreaRequest,
    PointsRequest,
    SectionRequest,
    TrajectoryRequest,
    TransectRequest,
)
from ocean_data.extraction import PLANS
from ocean_data.plan.extraction import read_parts, read_values
from ocean_data.reading.base import GridStore, Reading
from ocean_data.writing.covjson import COVJSON
from ocean_data.writing.geojson import GEOJSON
from ocean_data.writing.netcdf import NetCdf
from ocean_data.writing.table import Csv, Ndjson
from ocean_data.writing.values import JSON

ARCTIC = {"dataset": "arctic_day", "variables": ["votemper"]}
ASKED = {
    "profile": PointsRequest(**ARCTIC, points=[(75.0, 10.0)], depth="all", form="profile"),
    "points": PointsRequest(**ARCTIC, points=[(75.0, 10.0), (72.0, 20.0)], depth="all"),
    "bottom": PointsRequest(**ARCTIC, points=[(75.0, 10.0)], depth="bottom", form="timeseries"),
    "two variables": PointsRequest(
        dataset="arctic_day", variables=["votemper", "h"], points=[(75.0, 10.0)], depth="all"
    ),
    "transect": TransectRequest(**ARCTIC, path=[(75.0, 0.0), (72.0, 20.0)], points=12),
    "section": SectionRequest(
        dataset="nemo_global_month", variables=["tos"], path=[(40.0, -40.0), (50.0, -30.0)], points=9
    ),
    "trajectory": TrajectoryRequest(
        dataset="ostia_month",
        variables=["surface_temperature"],
        points=[(0.0, 0.5), (1.0, 2.0)],
        times=["2010-01-15"] * 2,
    ),
    "rectilinear": AreaRequest(
        dataset="ostia_month", variables=["surface_temperature"], box=(-2.0, -2.0, 2.0, 2.0), time="-1"
    ),
    "projected": AreaRequest(**ARCTIC, box=(5.0, 70.0, 15.0, 75.0), time="-1"),
    "vector": AreaRequest(
        dataset="arctic_day",
        variables=["x_velocity", "y_velocity"],
        vector=["eastward", "magnitude"],
        box=(5.0, 70.0, 15.0, 75.0),
        time="-1",
    ),
    "curvilinear": AreaRequest(dataset="nemo_global_month", variables=["tos"], box=(-40.0, 40.0, -30.0, 45.0)),
    "map": AreaRequest(**ARCTIC, box=(5.0, 70.0, 15.0, 75.0), time="-1", projection="EPSG:32661", shape=(6, 5)),
}


@pytest.fixture
def reading(source):
    return Reading(source=source, grids=GridStore(source, 1 << 26, 1 << 26))


@pytest.fixture
def planned(reading, shipped):
    def plan(name):
        requests = ASKED[name]
        assets = [shipped[requests.dataset, key] for key in requests.variables]
        return PLANS[type(requests)](reading, assets, requests)

    return plan


def bytes_of(stream, extraction, reading):
    return b"".join(stream.pieces(extraction, read_parts(extraction, reading), "r1"))


@pytest.mark.parametrize("name", ASKED)
def test_netcdf_of_all_models_holds_what_was_read(name, planned, reading, tmp_path):
    extraction = planned(name)
    values = read_values(extraction, reading)
    paths = [tmp_path / f"{number}.nc" for number in range(3)]
    NetCdf().save(extraction, read_parts(extraction, reading), "r1", str(paths[0]))
    NetCdf("NETCDF4_CLASSIC").save(extraction, read_parts(extraction, reading), "r1", str(paths[1]))
    NetCdf("NETCDF3_64BIT_OFFSET").save(extraction, read_parts(extraction, reading), "r1", str(paths[2]))
    for path in paths:
        with xarray.open_dataset(path) as file:
            for field in extraction.fields:
                np.testing.assert_array_equal(file[field.key].values, values[field.key].astype(field.dtype))


@loop_over("name", ASKED)
def test_documents_hold_what_was_read(name, planned, reading):
    extraction = planned(name)
    field = next(field for field in extraction.fields if not field.auxiliary)
    wet = int(np.isfinite(read_values(extraction, reading)[field.key]).sum())
    rows = [json.loads(line) for line in bytes_of(Ndjson(), extraction, reading).splitlines()]
    assert sum(row[field.key] is not None for row in rows) == wet
    table = io.StringIO(bytes_of(Csv(), extraction, reading).decode(), newline="")
    assert len(table.readlines()) == len(rows) + 1
    covered = json.loads(bytes_of(COVJSON, extraction, reading))
    parts = covered.get("coverages", [covered])
    assert sum(v is not None for part in parts for v in part["ranges"].get(field.key, {"values": []})["values"]) == wet
    for part in parts:
        if part["domain"].get("domainType") != "Section":
            Coverage.model_validate_json(json.dumps(part))
    assert json.loads(bytes_of(GEOJSON, extraction, reading))["features"]
    assert json.loads(bytes_of(JSON, extraction, reading))["dataset"] == extraction.dataset


def test_a_value_has_the_digits_of_its_file_and_no_more(planned, reading, shipped):
    extraction = planned("profile")
    with xarray.open_dataset(shipped["arctic_day", "votemper"].files[0].path) as file:
        cells = {str(item) for item in file["temperature"].values[0].ravel()}
    reported = json.loads(bytes_of(JSON, extraction, reading))["values"][0]
    assert all(str(np.float32(value)) in cells and len(repr(value)) < 13 for value in reported if value is not None)
