"""Files of a family that differ: what continues a series, what is converted, and what is left out with its reason."""

import netCDF4
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metadata.conftest import make_file

from ocean_core.units import unit_conversion
from ocean_metadata.catalogue.serializers import collect_assets
from ocean_metadata.index.coordinate_prints import is_same_place, print_coordinate


def edit(path, name, values=None, **attributes):
    """Change a variable of a file."""
    with netCDF4.Dataset(path, "a") as data:
        data[name].setncatts(attributes)
        if values is not None:
            data[name][:] = values


@pytest.fixture
def pair(tmp_path, make):
    """Two days of one series with depths."""
    return [make(tmp_path / f"day_{day}.nc", times=[day], levels=(0, 10, 50)) for day in (1, 2)]


@pytest.fixture(params=["folder", "configuration"])
def read(request, tmp_path, index, write):
    """Index the files of the test, as a folder and as a dataset of a configuration."""

    def run(**variable):
        if request.param == "folder":
            return index(folder=tmp_path)
        return index(datasets=write({"all": {"url": "day_*.nc", "variables": {"thetao": variable}}}))

    return run


def first(indexed):
    return next(iter(indexed.datasets.values()))


def steps_of(dataset):
    return dataset.times[0].count


def texts(indexed):
    """All that is told about the first dataset."""
    dataset = first(indexed)
    reasons = [problem.reason for problem in (*dataset.problems, *dataset.left_out)]
    return " ".join(map(str, [*reasons, *(note.text for note in dataset.notes)]))


def test_places_that_agree_to_a_thousandth_of_a_cell_are_one_grid(pair, read):
    edit(pair[1], "lat", np.linspace(40, 50, 4) + 2e-6)
    edit(pair[1], "lon", np.linspace(-60, -50, 5) + 360 - 2e-6)
    result = first(read())
    assert (result.state, steps_of(result)) == ("served", 2)


def test_places_that_differ_by_more_are_another_grid(pair, read):
    edit(pair[1], "lat", np.linspace(40, 50, 4) + 0.05)
    result = read()
    assert steps_of(first(result)) == 1
    assert "its grid differs from that of day_1.nc" in texts(result)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("depth", {"values": [0, 20, 100]}, "its depth levels differ from those of day_1.nc"),
        ("depth", {"values": [50, 10, 0]}, "its depth levels differ from those of day_1.nc"),
        ("time", {"calendar": "360_day"}, "its calendar is 360_day, that of day_1.nc is standard"),
        ("thetao", {"units": "m s-1"}, "they cannot be converted"),
    ],
)
def test_files_that_do_not_fit_are_told_with_their_reason(pair, read, name, change, reason):
    edit(pair[1], name, **change)
    result = read()
    assert steps_of(first(result)) == 1
    assert reason in texts(result)


@pytest.mark.parametrize(
    ("values", "attributes"),
    [([0, 1000, 5000], {"units": "cm"}), ([0, -10, -50], {"positive": "up"}), ([0, 10, 50.000001], {})],
)
def test_equal_depths_in_other_words_are_one_series(pair, read, values, attributes):
    edit(pair[1], "depth", values, **attributes)
    result = first(read())
    assert (result.state, steps_of(result)) == ("served", 2)


def test_velocities_along_other_axes_do_not_continue_each_other(pair, read):
    edit(pair[0], "thetao", units="m s-1", standard_name="sea_water_x_velocity")
    edit(pair[1], "thetao", units="m s-1", standard_name="eastward_sea_water_velocity")
    assert "another direction" in texts(read())


def test_categories_with_other_meanings_do_not_continue_each_other(pair, read):
    flags = {"units": "1", "flag_values": np.array([0, 1], "i1")}
    edit(pair[0], "thetao", **flags, flag_meanings="water ice")
    edit(pair[1], "thetao", **flags, flag_meanings="ice water")
    assert "the categories of its variable thetao differ" in texts(read())


def test_a_file_in_another_unit_is_converted(pair, read):
    edit(pair[1], "thetao", units="K")
    result = read()
    variable = first(result).variables[0]
    assert (first(result).state, variable.units, variable.conversions) == ("served", "degree_C", {1: (1.0, -273.15)})
    assert "its values are converted to degree_C in day_2.nc" in texts(result)


def test_a_file_without_a_unit_has_that_of_the_others(pair, read):
    with netCDF4.Dataset(pair[1], "a") as data:
        data["thetao"].delncattr("units")
    assert "day_2.nc give no units: degree_C are assumed" in texts(read())


def test_the_longest_series_of_a_configured_dataset_is_served(tmp_path, index, write, make):
    for day in range(4):
        make(tmp_path / f"day_{day}.nc", times=[day], levels=(0, 10, 50) if day else (0, 20, 100))
    result = index(datasets=write({"all": {"url": "day_*.nc"}})).dataset("all")
    assert (result.state, steps_of(result)) == ("partly", 3)
    assert result.problems[0].name == "day_0.nc"


def test_a_series_of_a_folder_names_the_others_of_its_pattern(pair, tmp_path, index, make):
    edit(pair[1], "depth", [0, 20, 100])
    make(tmp_path / "day_3.nc", times=[3], levels=(0, 10, 50))
    result = index(folder=tmp_path)
    longest, other = result.dataset("day"), result.dataset("day_2")
    assert [(note.kind, note.name, str(note.text)) for note in longest.notes] == [
        ("left out", "day_2.nc", "it is in another dataset, day_2: its depth levels differ from those of day_1.nc")
    ]
    assert (longest.state, other.state, other.notes[0].kind) == ("partly", "served", "guessed")


@pytest.mark.parametrize("levels", [(0, 10), (0, 10, 50, 100)])
def test_another_number_of_levels_is_told_as_such(pair, tmp_path, index, make, levels):
    make(pair[1], times=[2], levels=levels)
    assert "its depth levels differ" in str(index(folder=tmp_path).dataset("day_1").notes[0].text)


@pytest.mark.parametrize(("time", "variable"), [(1, "thetao"), (2, "other")])
def test_domains_and_variables_with_similar_names_are_no_family(pair, index, make, time, variable):
    make(pair[1], times=[time], levels=(0, 10, 50), shape=(6, 7), variable=variable)
    result = index(folder=pair[1].parent)
    assert {(record.state, record.notes[0].kind) for record in result.datasets.values()} == {("served", "guessed")}


# Units of a configuration


def configure(index, write, **variable):
    content = {"all": {"url": "day_*.nc", "variables": {"thetao": variable}}}
    return index(datasets=write(content)).dataset("all")


def test_a_configured_unit_that_contradicts_the_files_is_told(pair, index, write):
    for path in pair:
        edit(path, "thetao", units="kelvin")
    result = configure(index, write, units="Celsius")
    assert result.variables[0].conversions == {}
    assert "its unit in the configuration is Celsius, in the files kelvin" in str(result.notes[0].text)
    assert '"convert": true' in str(result.notes[0].advice)


@pytest.mark.parametrize("units", ["Celsius", "°C", "degrees C", "my own unit"])
def test_a_configured_unit_in_other_words_or_unknown_is_not(pair, index, write, units):
    assert configure(index, write, units=units).notes == []


def test_values_are_converted_to_the_configured_unit_on_request(pair, index, write):
    edit(pair[1], "thetao", units="K", valid_min=np.float32(271.15), valid_max=np.float32(303.15))
    result = configure(index, write, units="K", convert=True)
    assert result.variables[0].conversions == {0: (1.0, 273.15)}
    assert configure(index, write, units="degF", convert="true").variables[0].units == "degF"


def test_a_conversion_that_does_not_exist_is_refused(pair, index, write):
    result = configure(index, write, units="m", convert=True)
    assert "cannot be converted from Celsius to m" in str(result.left_out[0].reason)


def test_colour_limits_are_in_the_unit_of_the_values(pair, index, write):
    for path in pair:
        edit(path, "thetao", units="K", valid_min=np.float32(271.15), valid_max=np.float32(303.15))
    variable = configure(index, write, units="Celsius", convert=True).variables[0]
    assert variable.scale == pytest.approx((-2.0, 30.0), abs=1e-3)


# Odd variables


def add_variable(path, name, **attributes):
    with netCDF4.Dataset(path, "a") as data:
        variable = data.createVariable(name, "i2", ("time", "lat", "lon"), fill_value=False)
        variable.set_auto_maskandscale(False)
        variable.setncatts(attributes)
        variable[:] = 5


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"scale_factor": "a tenth"}, "its scale_factor is a tenth: its values cannot be unpacked"),
        ({"scale_factor": np.nan}, "its scale_factor is nan: its values cannot be unpacked"),
        ({"scale_factor": 0.0}, "its scale_factor is 0.0: its values cannot be unpacked"),
        ({"add_offset": np.array([1.0, 2.0])}, "its add_offset has several values"),
    ],
)
def test_a_variable_that_cannot_be_unpacked_costs_no_other(tmp_path, index, make, attributes, reason):
    add_variable(make(tmp_path / "a.nc"), "odd", **attributes)
    result = index(folder=tmp_path).dataset("a")
    assert [variable.key for variable in result.variables] == ["thetao"]
    assert [(item.name, str(item.reason)) for item in result.left_out] == [("odd", reason)]


@pytest.mark.parametrize("attributes", [{"scale_factor": "0.1"}, {"scale_factor": np.array([0.1])}])
def test_a_factor_in_another_form_is_read(tmp_path, index, make, attributes):
    add_variable(make(tmp_path / "a.nc"), "odd", **attributes, missing_value="none")
    result = index(folder=tmp_path).dataset("a")
    assert {variable.key for variable in result.variables} == {"thetao", "odd"}
    assert len(result.notes) == isinstance(attributes["scale_factor"], str)


def test_variables_of_odd_types_cost_no_other(tmp_path, index, make):
    with netCDF4.Dataset(make(tmp_path / "a.nc"), "a") as data:
        on_map = ("lat", "lon")
        data.createVariable("lists", data.createVLType(np.int32, "list"), on_map)
        data.createVariable("pairs", data.createCompoundType(np.dtype([("u", "f4"), ("v", "f4")]), "pair"), on_map)
        data.createVariable("words", str, on_map)
        data.createVariable("choice", data.createEnumType(np.uint8, "answer", {"no": 0, "yes": 1}), on_map)[:] = 1
    result = index(folder=tmp_path).dataset("a")
    assert {variable.key for variable in result.variables} == {"thetao", "choice"}
    assert {item.name: str(item.reason) for item in result.left_out} == {
        "lists": "its values are lists of different lengths",
        "pairs": "its values are records (u, v)",
        "words": "its values are texts, or of a type that is not known",
    }


# Prints of coordinates


@given(
    size=st.integers(2, 3000),
    start=st.floats(-180, 180),
    cell=st.floats(0.02, 2),
    shift=st.floats(-1, 1),
    seed=st.integers(0, 99),
)
def test_prints_agree_where_places_do(size, start, cell, shift, seed):
    values = start + cell * np.arange(size)
    noise = np.random.default_rng(seed).uniform(-1, 1, size)

    def agrees(other, cyclic):
        prints = [print_coordinate(item, (size,), cyclic=cyclic, exact=False) for item in (values, other)]
        return is_same_place(*prints)

    for cyclic in (False, True):
        assert agrees(values + 4e-4 * cell * noise, cyclic)
        assert agrees(values.astype(np.float32).astype(float), cyclic)
        assert not agrees(values + np.copysign(0.02, shift) * cell, cyclic)
    assert agrees(values - 360, cyclic=True)
    one_moved = values.copy()
    one_moved[seed % size] += 0.2 * cell
    assert not agrees(one_moved, cyclic=False)


# Any family


UNITS = ("Celsius", "K", "degF", "m s-1")
LEVELS = ((0, 10, 50), (0, 20, 100), (0, 10, 50.00001))


@settings(max_examples=15)
@given(family=st.lists(st.tuples(st.sampled_from(UNITS), st.sampled_from(LEVELS)), min_size=1, max_size=5))
def test_each_file_of_a_family_is_right_or_has_a_reason(family, index_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("family")
    for day, (units, levels) in enumerate(family):
        edit(make_file(folder / f"day_{day}.nc", times=[day], levels=levels), "thetao", units=units)
    (folder / "datasets.json").write_text('{"all": {"url": "day_*.nc"}}')
    record = index_once(datasets=folder / "datasets.json").dataset("all")
    served = set(record.times[0].files)
    assert len(record.problems) + len(served) == len(family)
    variable = record.variables[0]
    for day, (units, levels) in enumerate(family):
        if day in served:
            expected = unit_conversion(units, variable.units)
            assert variable.conversions.get(day, (1.0, 0.0)) == pytest.approx(expected)
            assert record.depths[0].values == pytest.approx(levels, abs=1e-3)
        else:
            assert f"day_{day}.nc" in {problem.name for problem in record.problems}


def test_the_data_service_is_given_the_conversions(pair, tmp_path, index):
    edit(pair[1], "thetao", units="K")
    result = index(folder=tmp_path)
    record = first(result)
    steps = {0: result.catalogue._read_steps(record.id, record.revision, 0)}
    files = collect_assets(record, record.variables[0], steps).files
    assert [file.conversion for file in files] == [None, (1.0, -273.15)]
