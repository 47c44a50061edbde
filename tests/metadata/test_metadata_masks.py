"""Land masks: what their numbers mean, by flags, standard names, texts and names; and what they hide."""

import numpy as np
from tests.looping import loop_over

from ocean_core.cells import find_land
from ocean_metadata.index.mask_meaning import is_hidden_by_land, may_have_values_on_land, read_meaning
from ocean_metadata.index.model import VariableHeader


def header(name, **attributes):
    return VariableHeader(name=name, dtype="f8", dimensions=("y", "x"), shape=(2, 2), attributes=attributes)


SEA_IS_ONE, LAND_IS_ONE = [True, False], [False, True]  # land at 0, land at 1


@loop_over(
    ("variable", "land"),
    [
        (header("mask_rho", flag_values=[0.0, 1.0], flag_meanings="land water"), SEA_IS_ONE),
        (header("mask_rho", flag_values=[0, 1], flag_meanings="water land"), LAND_IS_ONE),
        (header("mask", flag_values=[1, 0], flag_meanings="land_area sea_area"), LAND_IS_ONE),
        (header("mask", flag_masks=[1, 2, 4], flag_meanings="land water sea_ice"), LAND_IS_ONE),
        (header("kmt_mask", flag_values=[0, 1], flag_meanings="sea land"), LAND_IS_ONE),
        (header("a", standard_name="sea_binary_mask"), SEA_IS_ONE),
        (header("a", standard_name="land_binary_mask"), LAND_IS_ONE),
        (header("mask", long_name="land mask (0 = water, 1 = land)"), LAND_IS_ONE),
        (header("mask", long_name="land mask (0 = land, 1 = water)"), SEA_IS_ONE),
        (header("mask", comment="land=1, sea=0"), LAND_IS_ONE),
        (header("mask", description="sea: 1, land: 0"), SEA_IS_ONE),
        (header("wet_nodes", option_0="Node dry", option_1="Node wet"), SEA_IS_ONE),
        (header("XLAND", description="LAND MASK (1 FOR LAND, 2 FOR WATER)"), LAND_IS_ONE),
        (header("mask", option_0="water", option_1="land"), LAND_IS_ONE),
        *((header(name), SEA_IS_ONE) for name in ("tmask", "mask_u", "wet", "wet_c", "wetdry_mask_rho")),
        *((header(name), SEA_IS_ONE) for name in ("seamask", "hFacC")),
        *((header(name), LAND_IS_ONE) for name in ("landmask", "LANDMASK", "lsm", "land_sea_mask", "land_mask")),
    ],
)  # fmt: skip
def test_the_number_of_land_is_what_the_file_says(variable, land):
    meaning, _ = read_meaning(variable)
    assert find_land(np.array([0.0, 1.0]), meaning).tolist() == land


def test_missing_numbers_are_land_where_only_the_sea_has_one():
    sea, _ = read_meaning(header("tmask"))
    land, _ = read_meaning(header("landmask"))
    assert (find_land(np.array([np.nan]), sea)[0], find_land(np.array([np.nan]), land)[0]) == (True, False)
    assert find_land(np.array([0.004, 0.2, 0.999]), sea).tolist() == [True, False, False]  # packed, and partly filled


def test_bits_of_flags_are_looked_at_one_by_one():
    meaning, _ = read_meaning(header("mask", flag_masks=[1, 2, 4, 8], flag_meanings="water land lake sea_ice"))
    assert find_land(np.array([1.0, 2, 9, 10, np.nan]), meaning).tolist() == [False, True, False, True, False]


@loop_over("name", ["temp", "sst", "land_ice", "water_temp", "unmasked", "seaice", "wetness", "zmask2x"])
def test_other_variables_are_no_masks(name):
    assert read_meaning(header(name)) is None


def test_flags_of_more_than_land_and_sea_are_no_mask_under_another_name():
    assert read_meaning(header("surface", flag_values=[0, 1, 2], flag_meanings="sea land ice")) is None


@loop_over(
    ("variable", "hidden"),
    [
        (header("temp"), True),
        (header("t", standard_name="sea_water_temperature"), True),
        (header("siconc", standard_name="sea_ice_area_fraction"), True),
        (header("t2m", standard_name="air_temperature"), False),
        (header("u", standard_name="eastward_wind"), False),
        (header("p", standard_name="air_pressure_at_mean_sea_level"), False),
        (header("z", standard_name="surface_altitude"), False),
        (header("u10"), False),
        (header("uwind_speed", standard_name="Wind Velocity"), False),
        (header("uwind", standard_name="eastward wind"), False),
        (header("Tair"), False),
        (header("mask_rho"), False),
        (header("angle"), False),
    ],
)
def test_masks_hide_fields_of_the_sea(variable, hidden):
    assert is_hidden_by_land(variable) is hidden


@loop_over(
    ("variable", "is_of_the_sea"),
    [
        (header("a", long_name="Daily mean sea surface temperature"), True),
        (header("a", standard_name="sea_surface_height_above_geoid"), True),
        (header("SST"), True),
        (header("SEAICE"), True),
        (header("a", description="OCEAN MIXED LAYER DEPTH"), True),
        (header("a", long_name="Pressure reduced to mean sea level"), False),
        (header("a", long_name="Sea level pressure"), False),
        (header("a", long_name="Height above sea level"), False),
        (header("sshf", long_name="Surface sensible heat flux"), False),
        (header("a", long_name="Seasonal mean of research flights"), False),
        (header("skt", standard_name="unknown"), False),
    ],
)
def test_variables_of_the_sea_are_known_beside_masks_of_weather_models(variable, is_of_the_sea):
    assert may_have_values_on_land(variable, header("lsm")) != is_of_the_sea
    assert not may_have_values_on_land(variable, header("tmask"))
