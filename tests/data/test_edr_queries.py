"""EDR queries on every kind of grid: against brute force over the centres of cells, and against the other routes."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
import shapely
from covjson_pydantic.coverage import Coverage, CoverageCollection
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from tests.looping import loop_over

from ocean_core.errors import DepthNotFound, InvalidRequest, OceanError
from ocean_data.compute.region import read_region
from ocean_data.edr.geometry import circles_around, corridor_along, parse_distance, parse_wkt
from ocean_data.edr.selection import select_levels, select_times

GEOD = Geod(ellps="WGS84")
API = "/api/v2.0/data"
# Dataset, variable, a place in its sea, and half a size that holds some cells.
SEAS = [
    ("arctic_day", "votemper", (20.0, 74.5), 1.5),
    ("nemo_global_month", "tos", (-30.0, 40.0), 4.0),
    ("ostia_month", "surface_temperature", (-30.0, 0.0), 3.0),
    ("wcofs_hour", "u_sur", (-124.5, 44.8), 0.4),
]


def ask(client, dataset, query, **parameters):
    response = client.get(
        f"/ogc/collections/{dataset}/{query}",
        params={name.replace("_", "-"): value for name, value in parameters.items()},
    )
    assert response.status_code == 200, response.text
    return response.json()


def coverages_of(document):
    """The coverages of a document, valid by the schema of CoverageJSON where that has their domain."""
    several = document["type"] == "CoverageCollection"
    if "Section" not in str(document.get("domainType")) and document.get("domain", {}).get("domainType") != "Section":
        (CoverageCollection if several else Coverage).model_validate(document)
    return document["coverages"] if several else [document]


def places_of(document):
    """Longitudes, latitudes and values of the first time and level of a document."""
    coverage = coverages_of(document)[0]
    axes = coverage["domain"]["axes"]
    (array,) = (item for key, item in coverage["ranges"].items() if key != "depth")
    values = np.array(array["values"], dtype=np.float64).reshape(array["shape"])
    if "composite" in axes:
        names = axes["composite"]["coordinates"]
        table = np.array([[row[names.index(name)] for name in ("x", "y")] for row in axes["composite"]["values"]])
        return table[:, 0], table[:, 1], values.reshape(-1, len(table))[0]
    x, y = np.meshgrid(axes["x"]["values"], axes["y"]["values"])
    return x.ravel(), y.ravel(), values.reshape(-1, x.size)[0]


def cells_of(client, dataset, key):
    """Centres and values of all cells at the last time and the first level, as the route of areas has them."""
    answer = client.get(f"{API}/{dataset}/{key}/area", params={"bbox": "-180,-90,180,90", "format": "covjson-crs84"})
    longitude, latitude, values = places_of(answer.json())
    real = np.isfinite(longitude) & np.isfinite(latitude)  # blocks that the model leaves out have no places
    return longitude[real], latitude[real], values[real]


def same_set(found, expected, tolerance=1e-6):
    """Whether two lists of places with values are the same but for their order."""
    tables = [np.column_stack([np.mod(np.round(x, 5), 360.0), y, value]) for x, y, value in (found, expected)]
    order = [table[np.lexsort(np.round(table[:, :2], 4).T)] for table in tables]
    np.testing.assert_allclose(order[0], order[1], atol=tolerance)


@loop_over(("dataset", "key", "place", "half"), SEAS)
def test_radius_and_area_are_the_cells_whose_centres_lie_there(client, dataset, key, place, half):
    longitude, latitude, values = cells_of(client, dataset, key)
    last = {"datetime": last_time(client, dataset, key), "z": first_level(client, dataset, key)}
    last = {name: value for name, value in last.items() if value}
    radius = 60.0 * half
    _, _, distance = GEOD.inv(*(np.full(longitude.shape, part) for part in place), longitude, latitude)
    # The circle is a polygon: cells so near its rim may be on either side.
    sure = np.abs(distance / 1000 - radius) > radius * 1e-3
    found = places_of(
        ask(client, dataset, "radius", coords=f"POINT({place[0]} {place[1]})", within=radius, within_units="km",
            parameter_name=key, **last)
    )  # fmt: skip
    _, _, own = GEOD.inv(*(np.full(found[0].shape, part) for part in place), found[0], found[1])
    assert (own / 1000 <= radius * 1.001).all()
    inside = (distance / 1000 <= radius) & sure
    if len(found[0]) == inside.sum():
        same_set(found, (longitude[inside], latitude[inside], values[inside]))
    else:  # a grid on parallels and meridians has the whole rectangle, and nothing outside the circle
        beyond = own / 1000 > radius * 1.001
        assert np.isnan(found[2][beyond]).all()
    west, south, east, north = place[0] - half, place[1] - half, place[0] + half, place[1] + half
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    found = places_of(ask(client, dataset, "area", coords=f"POLYGON(({ring}))", parameter_name=key, **last))
    turned = place[0] + np.mod(longitude - place[0] + 180.0, 360.0) - 180.0
    inside = (turned >= west) & (turned <= east) & (latitude >= south) & (latitude <= north)
    same_set(found, (longitude[inside], latitude[inside], values[inside]))


def last_time(client, dataset, key):
    answer = client.get(f"{API}/{dataset}/{key}/area", params={"bbox": "-180,-90,180,90", "stride": 50}).json()
    times = answer["coordinates"].get("time")
    return times["values"][-1] if times else None


def first_level(client, dataset, key):
    answer = client.get(f"{API}/{dataset}/{key}/area", params={"bbox": "-180,-90,180,90", "stride": 50}).json()
    depth = answer["coordinates"].get("depth")
    return f"{np.ravel(depth['values'])[0]}" if depth else None


def test_a_corridor_holds_the_cells_near_its_line(client):
    longitude, latitude, values = cells_of(client, "arctic_day", "votemper")
    start, end = (18.0, 73.5), (24.0, 75.0)
    found = places_of(
        ask(client, "arctic_day", "corridor", coords=f"LINESTRING({start[0]} {start[1]},{end[0]} {end[1]})",
            corridor_width=120, width_units="km", parameter_name="votemper", z="0",
            datetime=last_time(client, "arctic_day", "votemper"))
    )  # fmt: skip
    # Brute force: the least distance to points of the geodesic, 500 m apart.
    bearing, _, length = GEOD.inv(*start, *end)
    steps = np.arange(0, length + 500, 500.0)
    x, y, _ = GEOD.fwd(*(np.full(steps.shape, part) for part in (*start, bearing)), np.minimum(steps, length))
    centres = zip(longitude, latitude, strict=True)
    near = (
        np.array([GEOD.inv(np.full(x.shape, lon), np.full(x.shape, lat), x, y)[2].min() for lon, lat in centres]) / 1000
    )
    inside = near <= 60
    assert (np.abs(near - 60) > 0.1).all()
    same_set(found, (longitude[inside], latitude[inside], values[inside]))


def test_a_position_is_the_series_of_the_other_route(client):
    place = {"latitude": 74.5, "longitude": 20.0}
    series = client.get(f"{API}/arctic_day/votemper/timeseries", params={**place, "depth": "all"}).json()
    (coverage,) = coverages_of(
        ask(client, "arctic_day", "position", coords="POINT(20 74.5)", parameter_name="votemper")
    )
    assert coverage["domain"]["axes"]["z"]["values"] == series["depths"]
    assert [text.replace("Z", "+00:00") for text in coverage["domain"]["axes"]["t"]["values"]] == series["times"]
    values = coverage["ranges"]["votemper"]
    assert np.reshape(values["values"], values["shape"])[:, :, 0, 0].tolist() == series["values"]


def test_levels_and_times_are_chosen_one_by_one(client):
    whole = client.get(
        f"{API}/arctic_day/votemper/timeseries", params={"latitude": 74.5, "longitude": 20, "depth": "all"}
    ).json()
    levels, days = whole["depths"], [text[:10] for text in whole["times"]]
    chosen = [0, 2, 3]
    (coverage,) = coverages_of(
        ask(client, "arctic_day", "position", coords="POINT(20 74.5)", parameter_name="votemper",
            z=",".join(f"{levels[level] + 0.4}" for level in chosen), datetime=f"{days[0]},{days[-1]}")
    )  # fmt: skip
    assert coverage["domain"]["axes"]["z"]["values"] == [levels[level] for level in chosen]
    values = coverage["ranges"]["votemper"]
    expected = np.array(whole["values"], dtype=float)[np.ix_([0, len(days) - 1], chosen)]
    np.testing.assert_array_equal(np.reshape(values["values"], values["shape"])[:, :, 0, 0], expected)
    by_number = client.get(
        f"{API}/arctic_day/votemper/timeseries",
        params={"latitude": 74.5, "longitude": 20, "depth": "0,2:3", "time": f"{days[0]},{days[-1]}"},
    ).json()
    assert by_number["depths"] == [levels[level] for level in chosen]
    np.testing.assert_array_equal(np.array(by_number["values"], dtype=float), expected)


def test_a_cube_has_axes_on_every_grid(client):
    document = ask(client, "arctic_day", "cube", bbox="18,73,24,75", resolution_x=7, resolution_y=5, z="0",
                   parameter_name="votemper", datetime=last_time(client, "arctic_day", "votemper"))  # fmt: skip
    axes = document["domain"]["axes"]
    np.testing.assert_allclose(axes["x"]["values"], np.linspace(18, 24, 7))
    np.testing.assert_allclose(axes["y"]["values"], np.linspace(75, 73, 5))
    x, y = np.meshgrid(axes["x"]["values"], axes["y"]["values"])
    points = client.post(
        f"{API}/arctic_day/votemper/points",
        json={"points": np.column_stack([y.ravel(), x.ravel()]).tolist(), "depth": "0"},
    ).json()
    found = np.array(document["ranges"]["votemper"]["values"], dtype=float)
    np.testing.assert_array_equal(found, np.ravel(np.array(points["variables"]["votemper"]["values"], dtype=float)))
    own = ask(client, "ostia_month", "cube", bbox="-32,-2,-28,2", parameter_name="surface_temperature")
    steps = np.diff(own["domain"]["axes"]["x"]["values"])
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


def test_a_trajectory_has_its_own_times_and_depths(client):
    times = ["2016-02-02T06:00:00Z", "2016-02-03T06:00:00Z"]
    points = [[74.5, 20.0], [74.6, 19.5]]
    body = {"points": points, "times": times, "depths": [5.0, 20.0]}
    expected = client.post(f"{API}/arctic_day/votemper/trajectory", json=body).json()
    seconds = [int(np.datetime64(text[:-1], "s").astype(int)) for text in times]
    text = ",".join(
        f"{lon} {lat} {deep} {second}" for (lat, lon), deep, second in zip(points, (5, 20), seconds, strict=True)
    )
    document = ask(client, "arctic_day", "trajectory", coords=f"LINESTRING ZM ({text})", parameter_name="votemper")
    assert document["domain"]["domainType"] == "Trajectory"
    assert document["ranges"]["votemper"]["values"] == expected["variables"]["votemper"]["values"]


REFUSED = [
    ("position", {"coords": "POINT()"}, "coords"),
    ("position", {"coords": "POINT EMPTY"}, "coords"),
    ("position", {"coords": "POLYGON((0 0,1 0,1 1,0 0))"}, "coords"),
    ("position", {"coords": "POINT(20 74.5)", "z": "9999"}, "z"),
    ("position", {"coords": "POINT(20 74.5)", "z": "deep"}, "z"),
    ("position", {"coords": "POINT(20 74.5)", "datetime": "2016-02-01/2016-02-02/2016-02-03"}, "datetime"),
    ("position", {"coords": "POINT(20 74.5)", "datetime": "R0/2016-02-01/P1D"}, "datetime"),
    ("position", {"coords": "POINT(20 74.5)", "datetime": "1999-01-01"}, "datetime"),
    ("position", {"coords": "POINT(20 74.5)", "crs": "EPSG:3857"}, "crs"),
    ("position", {"coords": "POINT(20 74.5)", "f": "shapefile"}, "f"),
    ("position", {}, "coords"),
    ("radius", {"coords": "POINT(20 74.5)", "within-units": "km"}, "within"),
    ("radius", {"coords": "POINT(20 74.5)", "within": "5", "within-units": "parsec"}, "within-units"),
    ("area", {"coords": "POLYGON()"}, "coords"),
    ("area", {"coords": "POLYGON((0 95,1 0,1 1,0 95))"}, "coords"),
    ("cube", {"bbox": "1,2,3"}, "bbox"),
    ("cube", {"bbox": "18,73,24,75", "resolution-x": "-1"}, "resolution-x"),
    ("trajectory", {"coords": "LINESTRINGM(20 74 1454328000,21 74 1454328000)"}, "z"),
    ("trajectory", {"coords": "LINESTRINGZ(20 74 5,21 74 5)", "z": "10"}, "z"),
    ("trajectory", {"coords": "MULTILINESTRING((20 74,21 74),(22 74,23 74))"}, "coords"),
    ("corridor", {"coords": "LINESTRING(20 74,21 74)", "width-units": "km"}, "corridor-width"),
]


@loop_over(("query", "parameters", "field"), REFUSED)
def test_bad_queries_say_which_parameter_is_wrong(client, query, parameters, field):
    response = client.get(f"/ogc/collections/arctic_day/{query}", params={"parameter-name": "votemper", **parameters})
    problem = response.json()
    assert response.status_code in {400, 404}, problem
    assert problem["code"] == str(response.status_code)
    assert problem["description"] == problem["detail"]
    assert field in [entry["field"] for entry in problem["errors"]], problem


def test_places_without_data_are_answered_without_a_body(client):
    tiny = "POLYGON((20 74.5,20.0001 74.5,20.0001 74.5001,20 74.5))"
    for query, coords in (("area", tiny), ("position", "POINT(-100 0)")):
        response = client.get(
            f"/ogc/collections/arctic_day/{query}", params={"parameter-name": "votemper", "coords": coords}
        )
        assert response.status_code == 204
        assert not response.content
        assert response.headers["warning"].startswith("299 ")


def test_formats_are_chosen_by_name_or_by_accept(client):
    at = {"coords": "POINT(20 74.5)", "parameter-name": "votemper", "z": "0", "datetime": "2016-02-01"}
    media_types = {}
    for name in ("CoverageJSON", "GeoJSON", "CSV", "NetCDF", "netcdf4", "application/geo+json"):
        response = client.get("/ogc/collections/arctic_day/position", params={**at, "f": name})
        media_types[name] = response.headers["content-type"].partition(";")[0]
    assert media_types == {
        "CoverageJSON": "application/vnd.cov+json",
        "GeoJSON": "application/geo+json",
        "CSV": "text/csv",
        "NetCDF": "application/x-netcdf",
        "netcdf4": "application/x-netcdf",
        "application/geo+json": "application/geo+json",
    }
    by_accept = client.get("/ogc/collections/arctic_day/position", params=at, headers={"accept": "text/csv"})
    assert by_accept.headers["content-type"].startswith("text/csv")
    assert by_accept.headers["vary"].lower().find("accept") >= 0


# What is chosen, without a service


@loop_over(
    ("text", "expected"),
    [
        (None, {"end": "-1"}),
        ("2016-02-01T12:00Z", {"time": "2016-02-01T12:00Z"}),
        ("2016-02-01/2016-02-03", {"start": "2016-02-01", "end": "2016-02-03"}),
        ("../2016-02-03", {"end": "2016-02-03"}),
        ("2016-02-01/..", {"start": "2016-02-01"}),
        ("../..", {"end": "-1"}),
        ("2016-02-01,2016-02-03", {"time": "2016-02-01,2016-02-03"}),
        (
            "R3/2016-01-31T00:00:00/P1M",
            {"time": "2016-01-31T00:00:00+00:00,2016-02-29T00:00:00+00:00,2016-03-31T00:00:00+00:00"},
        ),
        ("R2/2016-02-01T00:00:00+00:00/PT36H", {"time": "2016-02-01T00:00:00+00:00,2016-02-02T12:00:00+00:00"}),
    ],
)
def test_datetime_is_read_as_the_standard_has_it(text, expected):
    assert select_times(text) == expected


@loop_over(
    ("text", "expected"),
    [("0", "0"), ("3", "0"), ("26", "2"), ("10/30", "1,2"), ("../10", "0,1"), ("30/..", "3,4"), ("0,100", "0,4"),
     ("R3/0/25", "0,2,3"), ("100/10", "1,2,3,4")],
)  # fmt: skip
def test_levels_are_the_nearest_or_those_between(levelled, text, expected):
    assert select_levels([levelled], text) == expected


@pytest.fixture
def levelled(shipped):
    """A variable with levels at 0.5, 10, 25, 50 and 100 m."""
    variable = shipped["arctic_day", "votemper"]
    axis = msgspec.structs.replace(variable.depth, kind="depth", values=[0.5, 10.0, 25.0, 50.0, 100.0], order=[])
    return msgspec.structs.replace(variable, depth=axis)


@loop_over("text", ["150", "-30", "60/90", "deep", "1/2/3", "nan"])
def test_levels_that_are_not_there_are_refused(levelled, text):
    with pytest.raises((DepthNotFound, InvalidRequest)):
        select_levels([levelled], text)


def brute_distances(line, latitude, longitude):
    """The least distance, km, of places to a line of geodesics, by points 5 km apart."""
    x, y = [np.array([line[0][0]])], [np.array([line[0][1]])]
    for start, end in pairwise(line):
        bearing, _, length = GEOD.inv(*start, *end)
        steps = np.append(np.arange(0, length, 5000.0), length)
        along = GEOD.fwd(*(np.full(steps.shape, part) for part in (*start, bearing)), steps)
        x, y = [*x, along[0]], [*y, along[1]]
    x, y = np.concatenate(x), np.concatenate(y)
    places = zip(latitude, longitude, strict=True)
    return (
        np.array([GEOD.inv(np.full(x.shape, lon), np.full(x.shape, lat), x, y)[2].min() for lat, lon in places]) / 1000
    )


AROUND = [
    ([(0.0, 85.0)], 1000.0), ([(179.0, 60.0)], 2000.0), ([(10.0, -89.9)], 3000.0), ([(30.0, 0.0)], 5000.0),
    ([(0.0, 90.0)], 1500.0), ([(-179.5, -20.0)], 800.0), ([(50.0, 70.0)], 4000.0),
    ([(0.0, 50.0), (40.0, 60.0)], 500.0), ([(170.0, 50.0), (-160.0, 60.0)], 500.0),
    ([(0.0, 70.0), (180.0, 70.0)], 500.0), ([(0.0, -80.0), (120.0, -80.0), (130.0, -60.0)], 400.0),
]  # fmt: skip


@loop_over(("line", "distance"), AROUND)
def test_places_around_points_and_lines_are_those_of_brute_force(line, distance):
    """Over the date line and around both poles as well."""
    random = np.random.default_rng(7)
    latitude = np.degrees(np.arcsin(random.uniform(-1, 1, 1500)))
    longitude = random.uniform(-180, 180, latitude.size)
    if len(line) == 1:
        polygon = circles_around(shapely.Point(line[0]), distance)
    else:
        polygon = corridor_along(shapely.LineString(line), 2 * distance)
    found = read_region(None, polygon).holds(latitude, longitude)
    expected = brute_distances(line, latitude, longitude)
    sure = np.abs(expected - distance) > 0.01 * distance  # the rims are polygons
    np.testing.assert_array_equal(found[sure], (expected <= distance)[sure])
    assert found.any()


def test_distances_are_in_their_units():
    assert parse_distance(1, "nmi", "within-units") == 1.852
    assert parse_distance(2500, "Metres", "within-units") == 2.5
    for distance, unit in ((1, "parsec"), (9000, "km")):
        with pytest.raises(InvalidRequest):
            parse_distance(distance, unit, "within-units")


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"(POINT|LINESTRING|POLYGON|MULTIPOINT)( ?Z?M?) ?\(\(?[-0-9. ,()]{0,60}", fullmatch=True),
    )
)
def test_any_text_is_a_geometry_or_is_refused(text):
    try:
        geometry = parse_wkt(text, ("Point", "Polygon", "LineString"), "POINT(0 0)")
    except OceanError:
        return
    assert not geometry.is_empty
    assert np.isfinite(shapely.get_coordinates(geometry)).all()
