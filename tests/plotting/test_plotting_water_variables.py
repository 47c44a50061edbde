"""Which variables are temperature and salinity."""

import pytest
from tests.plotting.casts import described

from ocean_plotting.plots.common.profiles import find_salinity, find_temperature


def keys(*named):
    return [described("votemper", key=key, standard_name=name, units=units) for key, name, units in named]


@pytest.mark.parametrize(
    ("listed", "warm", "salt"),
    [
        (keys(("a", "sea_water_temperature", "K"), ("b", "sea_water_potential_temperature", "degC")), "b", None),
        (keys(("a", "sea_water_temperature", "K"), ("b", "sea_water_conservative_temperature", "K")), "b", None),
        (keys(("votemper", None, "Celsius"), ("vosaline", None, "PSU"), ("t", None, "degC")), "votemper", "vosaline"),
        (keys(("thetao", None, ""), ("so", None, "1e-3"), ("sob", None, "1")), "thetao", "so"),
        (keys(("temp_flux", None, "W m-2"), ("salt", None, "")), None, "salt"),
        (keys(("a", "sea_water_absolute_salinity", "g kg-1"), ("b", "sea_water_salinity", "1e-3")), None, "b"),
        (keys(("temperature", "air_temperature", "K"), ("u", None, "m s-1")), None, None),
        ([], None, None),
    ],
)
def test_variables_are_found_by_standard_name_first_and_then_by_key(listed, warm, salt):
    result = find_temperature(listed), find_salinity(listed)
    assert tuple(item and item.key for item in result) == (warm, salt)


def test_a_variable_without_depth_is_no_water_column():
    surface = [described("votemper", two_dimensional=True, standard_name="sea_water_potential_temperature")]
    assert find_temperature(surface) is None
