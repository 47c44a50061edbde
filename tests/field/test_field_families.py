"""Any family of files that differ has the right depths, units and values, as the data service reads it, or a reason."""

import json

import netCDF4
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.test_indexed_grids import add
from tests.field.files import LATITUDE, LONGITUDE, truth
from tests.field.one_process import index_files

from ocean_common.arrays import unpack_array
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import MIB
from ocean_metadata.catalogue.serializers import collect_assets

PLACES = np.arange(40.0, 43), np.arange(-50.0, -46)
LEVELS = (0.0, 10.0, 50.0), (0.0, 20.0, 100.0), (0.0, 10.0, 50.00001)  # m
FROM_CELSIUS = {"Celsius": (1.0, 0.0), "K": (1.0, 273.15), "degF": (1.8, 32.0), "m s-1": (1.0, 0.0)}
SPELLINGS = {"degree_C": "Celsius"}
IN_METRES = {"m": 1.0, "cm": 0.01, "km": 1000.0}
PACKINGS = {  # attributes and types of numbers; half of the last digit of the values
    "float": ({"dtype": "f4", "fill": 1e20}, 1e-3),
    "double": ({"dtype": "f8", "fill": np.nan}, 1e-6),
    "packed": ({"dtype": "i2", "fill": -32768, "scale_factor": 0.02, "add_offset": 100.0}, 0.011),
    "packed otherwise": ({"dtype": "i4", "fill": -1, "scale_factor": 0.001}, 6e-4),
    "missing_value": ({"dtype": "f4", "missing_value": np.float32(-999)}, 1e-3),
}
DIFFERENCE = st.fixed_dictionaries(
    {
        "units": st.sampled_from(["Celsius"] * 3 + list(FROM_CELSIUS)),
        "levels": st.sampled_from([LEVELS[0]] * 3 + list(LEVELS)),
        "metres": st.sampled_from(["m", *IN_METRES]),
        "up": st.booleans(),
        "turned": st.sampled_from([False] * 4 + [True]),  # the sea floor first
        "calendar": st.sampled_from(["standard"] * 4 + ["gregorian", "noleap"]),
        "since": st.sampled_from(["days since 2000-01-01", "hours since 1999-12-31 12:00"]),
        "packing": st.sampled_from(list(PACKINGS)),
        "east": st.sampled_from([0, 0, 360]),
        "columns_first": st.sampled_from([False] * 4 + [True]),
        "name": st.sampled_from(["temp"] * 5 + ["salt"]),
    }
)


def field_of(day, levels):
    """Return temperatures in °C: (depth, lat, lon); the first cell is land."""
    latitude, longitude = np.meshgrid(*PLACES, indexing="ij")
    values = truth(latitude, longitude, np.array(levels)[:, np.newaxis, np.newaxis], member=day)
    values[:, 0, 0] = np.nan
    return values


def write_member(path, day, change):
    """Write the file of a day, which differs from the usual as told."""
    factor, offset = FROM_CELSIUS[change["units"]]
    attributes = PACKINGS[change["packing"]][0]
    scale, shift = attributes.get("scale_factor", 1.0), attributes.get("add_offset", 0.0)
    packed = (field_of(day, change["levels"]) * factor + offset - shift) / scale
    packed = np.rint(packed) if attributes["dtype"][0] == "i" else packed
    packed = np.where(np.isnan(packed), attributes.get("missing_value", attributes.get("fill")), packed)
    depths = np.array(change["levels"]) / IN_METRES[change["metres"]] * (-1 if change["up"] else 1)
    if change["turned"]:
        packed, depths = packed[::-1], depths[::-1]
    dimensions = ("depth", "lon", "lat") if change["columns_first"] else ("depth", "lat", "lon")
    packed = packed.swapaxes(1, 2) if change["columns_first"] else packed
    with netCDF4.Dataset(path, "w") as data:
        start = day if change["since"].startswith("days") else 24 * day + 12
        add(data, "time", ("time",), [start], units=change["since"], calendar=change["calendar"], standard_name="time")
        vertical = {"units": change["metres"], "positive": "up" if change["up"] else "down", "axis": "Z"}
        add(data, "depth", ("depth",), depths, **vertical)
        add(data, "lat", ("lat",), PLACES[0], **LATITUDE)
        add(data, "lon", ("lon",), PLACES[1] + change["east"], **LONGITUDE)
        add(data, change["name"], ("time", *dimensions), packed[np.newaxis], units=change["units"], **attributes)


@settings(max_examples=settings().max_examples // 2 or 10)
@given(family=st.lists(DIFFERENCE, min_size=2, max_size=4))
def test_values_depths_and_units_of_a_family_are_right_or_have_a_reason(family, tmp_path_factory):
    folder = tmp_path_factory.mktemp("family")
    for day, change in enumerate(family):
        write_member(folder / f"day_{day}.nc", day, change)
    (folder / "datasets.json").write_text(json.dumps({"all": {"url": "day_*.nc"}}))
    source = NetCDFSource(8, 8 * MIB)
    with index_files(folder / "catalogue.sqlite3", datasets=folder / "datasets.json") as catalogue:
        record = catalogue.snapshot.datasets["all"]
        read = {name: set() for name in ("temp", "salt")}
        for variable in record.variables:
            axes = {variable.time: catalogue._read_steps(record.id, record.revision, variable.time)}
            assets = collect_assets(record, variable, axes)
            for step, file in enumerate(unpack_array(assets.steps.file).tolist()):
                day = int(assets.files[file].path[-4])
                change = family[day]
                read[variable.key].add(day)
                assert assets.depth.values == pytest.approx(change["levels"], abs=1e-3)
                factor, offset = FROM_CELSIUS[SPELLINGS.get(variable.units, variable.units)]
                values = source.columns(assets, [step], slice(None), np.arange(12, dtype=np.int32))[0]
                wanted = (field_of(day, change["levels"]) * factor + offset).reshape(3, -1)
                digit = PACKINGS[change["packing"]][1] * factor / FROM_CELSIUS[change["units"]][0]
                np.testing.assert_allclose(values, wanted, atol=digit + 1e-3)
    source.close()
    told = {problem.name for problem in record.problems}
    for day, change in enumerate(family):
        assert (day in read[change["name"]]) != (f"day_{day}.nc" in told)
