"""Which coordinate is which, on headers made by hand."""

import msgspec
import numpy as np
from tests.looping import loop_over

from ocean_common.arrays import pack_array
from ocean_metadata.index.axes import find_layout, list_fields
from ocean_metadata.index.model import FileHeader, VariableHeader, digest_structure

SIZES = {"time": 3, "time_counter": 3, "depth": 7, "y": 4, "x": 5, "lat": 4, "lon": 5, "node": 9, "nele": 11,
         "three": 3, "bnds": 2, "eta_u": 4, "xi_u": 5, "eta_v": 4, "xi_v": 5, "member": 2, "k": 6}  # fmt: skip


def header(**variables):
    """Variables as (dimensions, attributes) or just "dim dim"."""
    result = {}
    for name, reported in variables.items():
        dimensions, attributes = (reported, {}) if isinstance(reported, str) else reported
        names = tuple(dimensions.split())
        result[name] = VariableHeader(
            name=name, dtype="<f4", dimensions=names, shape=tuple(SIZES[item] for item in names), attributes=attributes
        )
    used = {item for entry in result.values() for item in entry.dimensions}
    return FileHeader(
        structure=digest_structure(result),
        dimensions={item: SIZES[item] for item in used},
        variables=result,
        attributes={},
        groups=[],
        values={name: pack_array(np.zeros(3)) for name in result if "time" in name},
        prints={},
    )


def roles(name, file):
    return [dimension.role for dimension in find_layout(name, file).dimensions]


REGULAR = {"time": ("time", {"units": "days since 2000-01-01"}), "lat": "lat", "lon": "lon"}


def test_names_are_enough():
    file = header(**REGULAR, depth="depth", t="time depth lat lon")
    assert roles("t", file) == ["time", "depth", "y", "x"]
    assert find_layout("t", file).placement.kind == "rectilinear"


def test_an_unusual_order_of_dimensions_is_preserved():
    file = header(**REGULAR, depth=("depth", {"positive": "down"}), t="depth time lon lat")
    assert roles("t", file) == ["depth", "time", "x", "y"]


def test_attributes_win_over_names():
    file = header(
        time=REGULAR["time"],
        x=("x", {"units": "degrees_north"}),
        y=("y", {"units": "degrees_east"}),
        t="time x y",
    )
    assert roles("t", file) == ["time", "y", "x"]


def test_the_long_name_of_a_coordinate_tells_what_it_is():
    degrees = {"units": "degrees"}
    file = header(
        y=("y", {**degrees, "long_name": "Latitude"}), x=("x", {**degrees, "long_name": "longitude"}), t="y x"
    )
    assert find_layout("t", file).placement.kind == "rectilinear"


def test_coordinates_are_found_by_name_where_no_attribute_names_them():
    file = header(nav_lat="y x", nav_lon="y x", time_counter=("time_counter", {}), tos="time_counter y x")
    places = find_layout("tos", file).placement
    assert (places.kind, places.latitude, places.longitude) == ("curvilinear", "nav_lat", "nav_lon")


def test_the_true_time_is_taken_though_the_dimension_has_its_own_name():
    true = ("time_counter", {"units": "seconds since 1900-01-01", "standard_name": "time"})
    file = header(nav_lat="y x", nav_lon="y x", time_counter="time_counter", time_centered=true, tos="time_counter y x")
    assert find_layout("tos", file).time == "time_centered"


def test_staggered_points_have_their_own_coordinates():
    file = header(
        lat_u="eta_u xi_u", lon_u="eta_u xi_u", lat_v="eta_v xi_v", lon_v="eta_v xi_v",
        u="eta_u xi_u", v="eta_v xi_v",
    )  # fmt: skip
    assert find_layout("u", file).placement.latitude == "lat_u"
    assert find_layout("v", file).placement.longitude == "lon_v"


def test_points_on_one_set_of_dimensions_are_distinguished_by_name():
    names = {f"{kind}_{point}": "y x" for kind in ("lat", "lon") for point in ("rho", "u", "v")}
    file = header(**names, ubar_u="y x", temp=("y x", {"coordinates": "lon_rho lat_rho"}))
    assert find_layout("ubar_u", file).placement.latitude == "lat_u"
    assert find_layout("temp", file).placement.latitude == "lat_rho"


def test_triangles_have_nodes_faces_and_a_table():
    file = header(
        lat=("node", {"units": "degrees_north"}), lon=("node", {"units": "degrees_east"}),
        latc=("nele", {"units": "degrees_north"}), lonc=("nele", {"units": "degrees_east"}),
        nv="three nele", time=REGULAR["time"], zeta="time node", u="time nele",
    )  # fmt: skip
    assert roles("zeta", file) == ["time", "node"]
    assert roles("u", file) == ["time", "face"]
    assert find_layout("u", file).placement.latitude == "lat"
    assert find_layout("u", file).placement.connectivity == "nv"


def test_a_mapping_makes_axes_in_a_plane():
    file = header(
        y=("y", {"standard_name": "projection_y_coordinate", "units": "m"}),
        x=("x", {"standard_name": "projection_x_coordinate", "units": "m"}),
        crs=("", {"grid_mapping_name": "lambert_conformal_conic"}),
        t=("y x", {"grid_mapping": "crs"}),
    )
    assert find_layout("t", file).placement.kind == "projected"


def test_variables_that_describe_the_grid_are_no_data():
    file = header(
        **REGULAR, t=("time lat lon", {"cell_methods": "time: mean"}), time_bnds="time bnds", mask="lat lon",
        e1t="lat lon", area=("lat lon", {"standard_name": "cell_area"}), lat_bounds="lat bnds",
        wind=("time lat lon", {"axis": "TYX"}),
    )  # fmt: skip
    assert list_fields(file) == ("t", "wind")


def test_names_that_are_not_in_the_file_do_no_harm():
    file = header(**REGULAR, t=("time lat lon", {"coordinates": "geolon_t geolat_t", "grid_mapping": "gone"}))
    assert find_layout("t", file).placement.kind == "rectilinear"


def test_a_scalar_time_is_the_time_of_all():
    file = header(time=("", {"units": "hours since 2000-01-01"}), lat="lat", lon="lon", u="lat lon")
    assert find_layout("u", file).time == "time"
    assert roles("u", file) == ["y", "x"]


@loop_over(
    ("variables", "words"),
    [
        ({"ssh": "time y x", "time": REGULAR["time"]}, "no latitude and longitude"),
        ({"lat": "node", "lon": "node", "sst": "node"}, "points"),
        ({"lat": "lat", "lon": "lon", "t": "member k lat lon"}, "neither time, depth nor horizontal"),
    ],
)
def test_a_variable_without_a_map_says_why(variables, words):
    file = header(**variables)
    name = next(variable for variable in variables if variable in {"ssh", "sst", "t"})
    result = find_layout(name, file)
    assert result.placement is None
    assert words in str(result.reason)


def test_the_only_dimension_left_is_the_depth():
    file = header(**REGULAR, t="time k lat lon")
    assert find_layout("t", file).depth == "k"


@loop_over("kinds", [("timeSeries", ""), ("", "timeSeries")])
def test_files_of_one_structure_differ_in_the_kind_of_their_samples(kinds):
    grid = header(lat=("y x", {"units": "degrees_north"}), lon=("y x", {"units": "degrees_east"}), sst="y x")
    for kind in kinds:
        file = msgspec.structs.replace(grid, attributes={"featureType": kind} if kind else {})
        assert (find_layout("sst", file).placement is None) == bool(kind)
