"""NetCDF of two datasets: both and their difference, with the numbers of the table."""

import csv
import json

import numpy as np
import pytest
import xarray as xr
from msgspec.structs import replace
from tests.plotting.fakes import DEPTHS, NOON, array, coordinate
from tests.plotting.paths import DAY, EARLIER, Waters

from ocean_common.arrays import unpack_array
from ocean_common.contracts.data import PointsRequest
from ocean_data.plan.extraction import read_parts
from ocean_data.writing.netcdf import NetCdf
from ocean_data.writing.values import restore_extraction

PATH = {"path": [[73.0, 20.0], [82.0, -5.25]], "points": 7}
TWO = {"dataset": "arctic", "variable": "votemper", "time": EARLIER}
VECTOR = {"variable": "u,v", "selectedPlots": "1,0,1"}
CASES = {
    "transect": ("transect", {**PATH, "compare_to": TWO}),
    "transect of a vector": ("transect", {**PATH, **VECTOR, "compare_to": {**TWO, "variable": "u,v"}}),
    "transect of two quantities": ("transect", {**PATH, "compare_to": {**TWO, "variable": "vosaline"}}),
    "transect of the surface": ("transect", {**PATH, "variable": "aice", "compare_to": {**TWO, "variable": "aice"}}),
    "hovmoller": (
        "hovmoller",
        {
            **PATH,
            "starttime": EARLIER,
            "endtime": NOON,
            "compare_to": {**TWO, "starttime": EARLIER + 2 * DAY, "endtime": NOON + 2 * DAY},
        },
    ),
    "hovmoller of common times": (
        "hovmoller",
        {
            **PATH,
            "starttime": EARLIER,
            "endtime": NOON,
            "compare_to": {**TWO, "starttime": EARLIER, "endtime": NOON - DAY},
        },
    ),
    "profile": ("profile", {"station": [[70.0, 10.0], [82.0, 0.0], [60.0, -30.0]], "compare_to": TWO}),
    "profiles of two variables": (
        "profile",
        {
            "station": [[70.0, 10.0]],
            "variable": "votemper,vosaline",
            "compare_to": {**TWO, "variable": "votemper,vosaline"},
        },
    ),
}


COUNTS = {"transect of a vector": 6, "transect of two quantities": 2, "profiles of two variables": 4}


class Numbers(Waters):
    """Answers along paths and at stations, and writes what it is sent."""

    folder = None

    async def extract(self, asked):
        if not isinstance(asked, PointsRequest):
            return await super().extract(asked)
        coverage = self.profile(asked)
        if asked.time != str(EARLIER):
            return replace(coverage, revision="r1")
        # The second dataset has other levels, and 1 more.
        coordinates = [
            coordinate("depth", ("depth",), DEPTHS + 3) if item.name == "depth" else item
            for item in coverage.coordinates
        ]
        fields = [replace(item, values=array(unpack_array(item.values) + 1.0)) for item in coverage.fields]
        return replace(coverage, revision="r1", coordinates=coordinates, fields=fields)

    async def write(self, coverage, form):
        assert form == "netcdf"
        extraction = restore_extraction(coverage)
        path = self.folder / "made.nc"
        NetCdf().save(extraction, read_parts(extraction, None), coverage.revision, str(path))
        return path.read_bytes()


@pytest.fixture
def numbers(tmp_path):
    answering = Numbers()
    answering.folder = tmp_path
    return answering


@pytest.mark.parametrize("case", CASES)
def test_a_file_of_two_datasets_has_the_numbers_of_the_table(client, tmp_path, case):
    kind, members = CASES[case]
    query = {"dataset": "arctic", "variable": "votemper", "showmap": False} | members

    def plot(form):
        response = client.get(f"/plot/{kind}", params={"query": json.dumps(query), "format": form})
        assert response.status_code == 200, response.text
        return response

    (tmp_path / "answer.nc").write_bytes(plot("nc").content)
    lines = [line for line in plot("csv").text.splitlines() if not line.startswith("//")]
    header, *rows = csv.reader(lines)
    with xr.open_dataset(tmp_path / "answer.nc", decode_times=False) as file:
        written = [name for name in file.data_vars if name.endswith(("_first", "_second"))]
        keys = [name.removesuffix("_first") for name in written if name.endswith("_first")]
        written += [key for key in keys if key in file.data_vars]
        assert len(written) == COUNTS.get(case, 3)
        assert file.attrs["minus"] == "arctic"
        values = np.array([np.broadcast_to(file[name], file[written[0]].shape) for name in written])
        held = np.isfinite(values).any(axis=0).sum()
        table = np.array([[float(cell.strip() or "nan") for cell in row[-len(written) :]] for row in rows])
        assert len(rows) == held > 0
        assert len(header) > len(written)
        for column in table.T:  # of each the same numbers
            expected = np.sort(column[np.isfinite(column)])
            same = [np.sort(array[np.isfinite(array)]) for array in values]
            assert any(item.shape == expected.shape and np.allclose(item, expected, atol=1e-9) for item in same)
        for name in written:
            if f"{name}_first" in file.data_vars:
                assert file[name].attrs["long_name"].endswith(f"less {name} of arctic")
                if kind != "profile":  # there the second is interpolated to the depths of the first
                    expected = file[f"{name}_first"] - file[f"{name}_second"]
                    np.testing.assert_allclose(file[name], expected, atol=1e-6)
