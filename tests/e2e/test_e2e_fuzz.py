"""Any request for numbers, sensible or not, is answered: with numbers, or with Problem Details that say why not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocean_data.app import FORMATS

API = "/api/v2.0"
PATIENCE = 30.0  # s: a request that takes longer hangs
FEW, MANY = 150, 10_000

DATASETS = {
    "arctic_day": ["votemper", "vosaline", "x_velocity", "y_velocity", "zeta", "h", "x_velocity,y_velocity"],
    "nemo_global_month": ["tos"],
    "ostia_month": ["surface_temperature"],
    "wcofs_hour": ["u_sur", "v_sur", "u_sur,v_sur"],
    "sfbofs_hour": ["temp", "zeta", "u,v"],
    "nowhere": ["votemper", ""],
}
VECTORS = ["eastward", "northward", "magnitude", "bearing", "along", "across", "sideways"]

odd = st.sampled_from(["", "nan", "inf", "-inf", "1e999", "0x10", "١٢", "null", "-0", "🌊", "a,b", "'", "%00", "[]"])
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 360)
anything = st.floats(allow_nan=True, allow_infinity=True)
near = {  # where datasets lie: latitude, longitude
    "arctic_day": st.tuples(st.floats(66, 80), st.floats(0, 55)),
    "nemo_global_month": st.tuples(st.floats(-80, 90), st.floats(-180, 360)),
    "ostia_month": st.tuples(st.floats(-5, 4), st.floats(0, 359)),
    "wcofs_hour": st.tuples(st.floats(44.5, 45), st.floats(-125, -124.2)),
    "sfbofs_hour": st.tuples(st.floats(37.84, 37.92), st.floats(-122.55, -122.45)),
    "nowhere": st.tuples(latitudes, longitudes),
}
days = st.sampled_from(["-1", "2016-02-01", "2016-02-03T12:00:00Z", "2015-02-16", "2007-06-16", "2016-02-05T12:00:00"])
odd_times = (
    st.sampled_from(["2015-02", "0", "9" * 30, "2016-02-30"])
    | st.datetimes().map(lambda item: item.isoformat())
    | st.integers(-(10**12), 10**12).map(str)
    | odd
)
words = st.sampled_from(
    ["votemper", "vosaline", "depth", "latitude", "pi", "e", "2", "1e3", "+", "-", "*", "/", "^", "(", ")", ",", "sin(",
     "magnitude(", "sspeed(", "[votemper]", "x_velocity", "vorticity(", "nothing", " ", ".", "--"]
)  # fmt: skip
sums = st.recursive(
    st.sampled_from(["votemper", "2", "vosaline", "tos", "surface_temperature", "temp", "latitude", "1e-3", "pi"]),
    lambda item: (
        st.tuples(item, st.sampled_from("+-*/"), item).map("".join)
        | item.map(lambda text: f"abs({text})")
        | item.map(lambda text: f"-({text})")
    ),
    max_leaves=6,
)
odd_expressions = st.lists(words, max_size=12).map("".join) | st.text(max_size=40)


def mostly(good, wrong):
    """Good nine times of ten: a request has many parameters, and is to get somewhere."""
    return st.integers(0, 9).flatmap(lambda item: wrong if item == 7 else good)


def maybe(**some):
    return st.fixed_dictionaries({}, optional=some)


def joined(values, between=","):
    return between.join(str(value) for value in values)


def around(place):
    """A box of a few cells."""
    return (max(-180, place[1] - 1), max(-90, place[0] - 1), min(360, place[1] + 1), min(90, place[0] + 1))


def ring(place):
    west, south, east, north = around(place)
    return [[west, south], [east, south], [(west + east) / 2, north], [west, south]]


times = mostly(days, odd_times)
shared = maybe(
    depth=mostly(st.sampled_from(["0", "1", "bottom", "all", "mean"]), st.sampled_from(["17", "-1", "1.5"]) | odd),
    time=times,
    interpolation=mostly(st.sampled_from(["nearest", "bilinear", "gaussian", "inverse"]), st.just("cubic")),
    radius=mostly(st.floats(1, 500).map(str), st.floats(-1, 600).map(str) | odd),
    neighbours=mostly(st.integers(1, 50).map(str), st.integers(-1, 60).map(str)),
    expression=mostly(sums, odd_expressions),
    format=mostly(st.sampled_from(list(FORMATS)), st.just("xml")),
)
period = maybe(start=times, end=times)
vectors = maybe(
    vector=mostly(st.just("eastward,magnitude"), st.lists(st.sampled_from(VECTORS), max_size=3).map(joined))
)


def gets(place):
    """The parameters of each kind, around the places of a dataset."""
    wild = mostly(place, st.tuples(latitudes | anything, longitudes | anything))
    point = wild.map(lambda item: {"latitude": item[0], "longitude": item[1]})
    way = st.lists(wild, min_size=2, max_size=4).map(lambda some: ";".join(joined(item) for item in some))
    box = mostly(
        place.map(around).map(joined), st.tuples(longitudes, latitudes, longitudes, latitudes).map(joined) | odd
    )
    grid = maybe(
        projection=mostly(st.sampled_from(["EPSG:4326", "EPSG:3857", "EPSG:32661"]), st.sampled_from(["EPSG:0", "x"])),
        shape=mostly(st.tuples(st.integers(1, 40), st.integers(1, 40)).map(joined), odd),
        stride=mostly(st.just("1"), st.integers(-1, 9).map(str)),
    )
    boxed = st.tuples(st.fixed_dictionaries({"bbox": box}), grid).map(lambda two: {**two[0], **two[1]})
    line = st.fixed_dictionaries(
        {"path": mostly(way, odd)},
        optional={"points": mostly(st.integers(2, 50).map(str), st.integers(-5, 6000).map(str))},
    )
    return {
        "point": point,
        "profile": point,
        "timeseries": point,
        "transect": line,
        "section": line,
        "area": boxed,
        "statistics": st.fixed_dictionaries(
            {"bbox": box}, optional={"quantiles": st.lists(st.floats(0, 1) | anything, max_size=4).map(joined)}
        ),
        "difference": st.fixed_dictionaries({"bbox": box, "minus_time": times}),
    }


def posts(place):
    """The bodies of each kind."""
    wild = mostly(place, st.tuples(anything, anything))
    area = place.map(lambda item: {"type": "Polygon", "coordinates": [ring(item)]})
    odd_rings = st.lists(st.lists(st.tuples(longitudes | anything, latitudes | anything), max_size=6), max_size=3)
    odd_area = st.tuples(st.sampled_from(["Polygon", "MultiPolygon", "Point"]), odd_rings).map(
        lambda two: {"type": two[0], "coordinates": two[1]}
    )
    region = st.fixed_dictionaries({"polygon": mostly(area, odd_area)}, optional={"time": times})
    return {
        "points": st.fixed_dictionaries({"points": st.lists(wild, max_size=5)}, optional={"time": times}),
        "trajectory": st.lists(st.tuples(wild, times), max_size=5).map(
            lambda some: {"points": [item[0] for item in some], "times": [item[1] for item in some]}
        ),
        "area": region,
        "statistics": region,
    }


GET = {name: gets(place) for name, place in near.items()}
POST = {name: posts(place) for name, place in near.items()}


def finite(value):
    """As JSON can tell it: what is not finite, as text."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return str(value) if isinstance(value, float) and value - value != 0 else value


@st.composite
def requests(draw):
    dataset = draw(mostly(st.sampled_from([*DATASETS][:-1]), st.just("nowhere")))
    odd_names = st.sampled_from(["nothing", "a,b,c", "..", "votemper,", "%00", "'"])
    variables = draw(mostly(st.sampled_from(DATASETS[dataset]), odd_names))
    start = f"{API}/data/{dataset}/{variables}"
    estimate = draw(st.sampled_from(["", "", "", "estimate/"]))
    if draw(st.booleans()):
        kind = draw(st.sampled_from([*GET[dataset]]))
        reported = {**draw(shared), **draw(GET[dataset][kind])}
        reported |= draw(mostly(st.just({}), period)) | (draw(vectors) if "," in variables else {})
        return "GET", f"{start}/{estimate}{kind}", reported, None
    kind = draw(st.sampled_from([*POST[dataset]]))
    form = draw(maybe(format=st.sampled_from([*FORMATS, "xml"])))
    return "POST", f"{start}/{estimate}{kind}", form, finite(draw(POST[dataset][kind]))


def answered(http, method, path, params, body):
    response = http.request(method, path, params=params, json=body, timeout=PATIENCE)
    output = f"{method} {response.url} {body}: {response.status_code} {response.text[:500]}"
    assert response.status_code < 500, output
    if response.is_error:
        assert response.headers["content-type"].startswith("application/problem+json"), output
        problem = response.json()
        assert problem["status"] == response.status_code, output
        assert problem["detail"], output
        assert "Traceback" not in response.text, output
    return response.is_success


def fuzz(http, count):
    """Ask ``count`` requests; how many were answered with numbers."""
    good = 0
    relaxed = [HealthCheck.too_slow, HealthCheck.filter_too_much]

    @settings(max_examples=count, deadline=None, derandomize=count == FEW, suppress_health_check=relaxed)
    @given(asked=requests())
    def check_request(asked):
        nonlocal good
        good += answered(http, *asked)

    check_request()
    return good


def test_a_few_odd_requests_are_answered_or_refused(http):
    assert fuzz(http, FEW) >= FEW / 20


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_ten_thousand_odd_requests_are_answered_or_refused(http):
    assert fuzz(http, MANY) >= MANY / 20
