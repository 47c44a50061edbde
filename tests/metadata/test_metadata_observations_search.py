"""What is asked for on the map is understood, and found as a search through all would find it."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.looping import loop_over
from tests.metadata.observing import Observing, observing, platform

from ocean_core.errors import InvalidRequest, NotFound, OceanError
from ocean_core.geometry import great_circle_distance, wrap_longitude
from ocean_metadata.observations.model import DAY, format_instant, parse_instant
from ocean_metadata.observations.repository import choose_layer
from ocean_metadata.observations.search import (
    THINNING_LEVELS,
    choose_evenly,
    circle_area,
    grid_cell,
    parse_search,
    polygon_area,
    split_pairs,
    thinning_level,
)
from ocean_metadata.observations.tracks import Bucket, average_tracks, unwrap_track

__all__ = ["observing"]

latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180, exclude_max=True)


def test_pairs_are_parted_by_both_marks_and_values_keep_what_is_no_key():
    assert split_pairs("start_date=2019-05-27;quantum=day&meta_key=a b") == {
        "start_date": "2019-05-27", "quantum": "day", "meta_key": "a b",
    }  # fmt: skip
    assert split_pairs("meta_key=Name&meta_value=R&D; x=1&area=[[1,2]]")["meta_value"] == "R&D; x=1"
    assert split_pairs("area=[[1,2]]&radius=60")["radius"] == "60"


def test_an_empty_filter_matches_everything():
    query = parse_search("meta_key=Any&meta_value=&platform_type=&area=&radius=&start_date=")
    assert (query.attribute, query.platform_types, query.area, query.start) == (None, (), None, None)
    assert parse_search("meta_key=Project&meta_value=").attribute == ("Project", None)


def test_a_date_is_its_whole_day():
    query = parse_search("start_date=2019-05-27&end_date=2019-05-27")
    assert query.end - query.start == DAY - 1
    assert parse_search("start_date=2019-05-27T12:00:00.000Z").start == parse_instant(
        "2019-05-27T14:00:00+02:00", "start_date"
    )


@loop_over("radius", ["60", '"60"', "[60]", '["60"]', "60.0"])
def test_a_radius_is_a_number_however_the_slider_writes_it(radius):
    area = parse_search(f"area=[[0,0]]&radius={radius}").area
    inside = area.contains(np.array([0.0, 0.0]), np.array([0.5, 0.6]))
    assert inside.tolist() == [True, False]


@loop_over(
    ("asked", "field"),
    [
        ("start_date=yesterday", "start_date"), ("start_date=2020-01-02&end_date=2020-01-01", "end_date"),
        ("quantum=fortnight", "quantum"), ("platform_type=argo,ufo", "platform_type"), ("mindepth=deep", "mindepth"),
        ("mindepth=nan", "mindepth"), ("mindepth=20&maxdepth=10", "maxdepth"), ("area=here", "area"),
        ("area=[[91,0]]", "area"), ("area=[]", "area"), ("area=[[1,2]]&radius=0", "radius"),
        ("area=[[1,2]]&radius=1e9", "radius"), ("area=[[1,2,3]]", "area"), ("area=[[1e999,0]]", "area"),
    ],
)  # fmt: skip
def test_an_error_has_its_field(asked, field):
    with pytest.raises(InvalidRequest) as caught:
        parse_search(asked)
    assert caught.value.field == field


@given(st.text() | st.lists(st.sampled_from(["area=", "[[1,2]", "radius=", "&", ";", "start_date=", "2020", "=", "x"])))
def test_any_text_is_understood_or_refused(text):
    with suppress(OceanError):
        assert parse_search(text if isinstance(text, str) else "".join(text)) is not None


@given(latitudes, longitudes, st.floats(1, 20_000), latitudes, longitudes)
def test_a_circle_holds_what_is_near_and_its_cells_hold_it_all(lat, lon, radius, other_lat, other_lon):
    circle = circle_area(lat, lon, radius)
    distance = great_circle_distance(lat, lon, np.array([other_lat]), np.array([other_lon]))[0]
    inside = circle.contains(np.array([other_lat]), np.array([other_lon]))[0]
    assert inside == (distance <= radius * (1 + 1e-12))
    if inside and circle.cells is not None:
        assert grid_cell(other_lat, wrap_longitude(other_lon)) in circle.cells
    if inside:
        assert circle.south <= other_lat <= circle.north


@given(st.lists(st.tuples(st.floats(-80, 80), longitudes), min_size=3, max_size=6), latitudes, longitudes)
def test_the_cells_of_a_polygon_hold_all_that_is_inside(corners, lat, lon):
    try:
        area = polygon_area(corners)
    except InvalidRequest:
        return
    if area.contains(np.array([lat]), np.array([lon]))[0] and area.cells is not None:
        assert grid_cell(lat, lon) in area.cells


def test_an_area_may_lie_over_the_date_line():
    area = polygon_area([(-10, 170), (10, 170), (10, 190), (-10, 190)])
    inside = area.contains(np.zeros(5), np.array([-175.0, 175.0, -180.0, 0.0, -165.0]))
    assert inside.tolist() == [True, True, True, False, False]
    assert set(area.cells) == {
        grid_cell(lat + 0.5, wrap_longitude(lon + 0.5)) for lat in range(-11, 11) for lon in range(169, 191)
    } & set(area.cells)


@loop_over(("west", "east"), [(-101, 111), (-180, 180), (0, 360), (-540, -300), (-229, -130), (300, 540)])
def test_an_area_is_as_wide_as_its_numbers_say(west, east):
    box = [(-10, west), (10, west), (10, east), (-10, east)]
    east_of = (np.arange(720) / 2 + 0.25 - west) % 360
    for corners in (box, box[::2]):
        inside = polygon_area(corners).contains(np.zeros(720), np.arange(720) / 2 + 0.25)
        np.testing.assert_array_equal(inside, east_of < east - west)
    with pytest.raises(InvalidRequest, match="wider than the Earth"):
        polygon_area([(0, -200), (0, 200), (10, 0)])


def test_levels_thin_out_any_regular_choice_of_numbers_evenly():
    for step in (1, 2, 3, 7, 37, 100):
        numbers = range(5, 5 + 20_000 * step, step)
        counts = np.bincount([thinning_level(number) for number in numbers], minlength=THINNING_LEVELS)
        assert counts[0] == pytest.approx(10_000, rel=0.03)
        assert counts[3] == pytest.approx(1250, rel=0.1)


def test_some_of_many_are_chosen_at_even_distances():
    assert choose_evenly(range(11), 3) == [0, 5, 10]
    assert choose_evenly([1, 2], 3) == [1, 2]


def test_a_line_goes_on_beyond_the_date_line():
    assert unwrap_track([(170.0, 1.0), (-175.0, 2.0), (-160.0, 3.0)]) == [(170.0, 1.0), (185.0, 2.0), (200.0, 3.0)]


def test_a_mean_over_the_date_line_is_there_and_not_on_the_other_side():
    pair = Bucket(1, 0, 2, 0.0, 0.0, 360.0, -179.0, 179.0)
    after = Bucket(1, DAY, 1, 1.0, -178.0, 182.0, -178.0, -178.0)
    [(first, _), (second, _)] = average_tracks([pair, after], "day")[1]
    assert (first, second) == (-180.0, -178.0)


def test_platforms_of_a_single_mean_position_are_left_out():
    assert average_tracks([Bucket(1, 0, 1, 0, 0, 0, 0, 0), Bucket(1, DAY, 1, 2, 2, 2, 2, 2)], "year") == {}


def test_times_are_written_to_the_second_of_their_precision():
    assert format_instant(0) == "1970-01-01T00:00:00+00:00"
    assert format_instant(1) == "1970-01-01T00:00:00.001+00:00"


def scattered(count=1500, seed=3):
    """Platforms with casts all over the Earth and twenty years."""
    random = np.random.default_rng(seed)
    created = []
    for number in range(15):
        places = [
            (int(time), float(lat), float(lon))
            for time, lat, lon in zip(
                np.sort(random.choice(20 * 365 * DAY, count // 15, replace=False)),
                random.uniform(-90, 90, count // 15),
                random.uniform(-180, 180, count // 15),
                strict=True,
            )
        ]
        kind = ("argo", "drifter", "mooring")[number % 3]
        measured = {"warmth": [1.0, 2.0, 3.0]} if number % 2 else {"speed": [5.0]}
        about = {"Project": f"p{number % 4}"}
        created.append(platform(f"{kind}:{number}", places, kind, attributes=about, **measured))
    return created


def distance_to(cast, latitude, longitude):
    """How far a cast is from a point, in km."""
    return great_circle_distance(latitude, longitude, np.array([cast.latitude]), np.array([cast.longitude]))[0]


def measures(cast, key):
    return cast.quantities[0].key == key


FIRST, LAST = parse_instant("1975-01-01", ""), parse_instant("1976-12-31", "", end=True)
QUESTIONS = [
    ("start_date=1975-01-01&end_date=1976-12-31", lambda p, c: FIRST <= c.time <= LAST),
    ("datatype=speed;platform_type=argo,mooring", lambda p, c: p.type != "drifter" and measures(c, "speed")),
    ("meta_key=Project&meta_value=p2", lambda p, c: p.attributes["Project"] == "p2"),
    ("mindepth=15&maxdepth=25", lambda p, c: measures(c, "warmth")),
    ("mindepth=11&maxdepth=19", lambda p, c: False),
    ("datatype=warmth&mindepth=20", lambda p, c: measures(c, "warmth")),
    ("area=[[10,20]]&radius=2500", lambda p, c: distance_to(c, 10, 20) <= 2500),
    ("area=[[-20,160],[-20,200],[20,200],[20,160]]", lambda p, c: abs(c.latitude) <= 20 and abs(c.longitude) >= 160),
    ("area=[[85,0]]&radius=900&platform_type=argo", lambda p, c: p.type == "argo" and distance_to(c, 85, 0) <= 900),
    ("meta_key=Project&meta_value=nothing", lambda p, c: False),
]


@pytest.fixture(scope="module")
def everywhere(new_database):
    result = Observing(new_database())
    source = result.store.begin_import("made")
    for item in scattered():
        result.store.write_platform(source, item)
    yield result
    result.engine.dispose()


@loop_over(("asked", "matches"), QUESTIONS)
def test_stations_are_those_that_a_look_at_each_finds(everywhere, asked, matches):
    expected = {(c.latitude, c.longitude) for p in scattered() for c in p.casts if matches(p, c)}
    result = everywhere.stored.search_stations(parse_search(asked))
    places = {item.geometry.coordinates[::-1] for item in result}
    if len(expected) <= 500:
        assert places == expected
    else:
        assert len(places) == 500
        assert places < expected
    assert everywhere.stored.search_stations(parse_search(asked)) == result


def test_thinned_stations_are_spread_over_platforms_and_times(everywhere):
    result = [station.properties.id for station in everywhere.stored.search_stations(parse_search(""))]
    assert len(result) == 500
    assert max(np.diff(result)) <= 10  # of 1500: every third on average
    assert np.histogram(result, 15)[0].min() >= 20


def test_an_unknown_datatype_is_refused_with_the_list_of_datatypes(everywhere):
    with pytest.raises(NotFound) as caught:
        everywhere.stored.search_stations(parse_search("datatype=length"))
    assert caught.value.allowed == ("speed", "warmth")


@loop_over("quantum", ["year", "month", "week", "day"])
def test_tracks_are_means_over_each_period(everywhere, quantum):
    result = {
        entry.properties.id: entry.geometry.coordinates
        for entry in everywhere.stored.search_tracks(parse_search(f"quantum={quantum}&platform_type=drifter"))
    }
    drifters = [entry for entry in scattered() if entry.type == "drifter"]
    assert len(result) == len(drifters)
    unit = {"year": "Y", "month": "M", "week": "D", "day": "D"}[quantum]
    for points, entry in zip(result.values(), drifters, strict=True):
        times = (
            np.array([cast.time for cast in entry.casts], "datetime64[ms]").astype(f"datetime64[{unit}]").astype(int)
        )
        periods = (times - 4) // 7 if quantum == "week" else times
        latitude = np.array([cast.latitude for cast in entry.casts])
        expected = [latitude[periods == item].mean() for item in np.unique(periods)]
        assert [lat for _, lat in points] == pytest.approx(expected, abs=1e-6)


def test_tracks_in_an_area_keep_what_is_inside(observing):
    source = observing.store.begin_import("made")
    places = [(day * DAY, day * 1.0, 178.0 + day) for day in range(10)]
    observing.store.write_platform(source, platform("drifter:1", places))
    [track] = observing.stored.search_tracks(parse_search("area=[[1.5,170],[1.5,190],[6.5,190],[6.5,170]]"))
    assert track.geometry.coordinates == [(180.0 + n - 2 - 360 * (n >= 2), n * 1.0) for n in range(2, 7)]
    assert observing.stored.search_tracks(parse_search("end_date=1970-01-01")) == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(latitudes, longitudes), min_size=2, max_size=5), st.sampled_from(["", "&datatype=warmth"]))
def test_any_polygon_finds_what_a_look_at_each_finds(everywhere, corners, more):
    text = ",".join(f"[{lat},{lon}]" for lat, lon in corners)
    try:
        query = parse_search(f"area=[{text}]&radius=500{more}")
    except InvalidRequest:
        return
    casts = [c for p in scattered() for c in p.casts if not more or c.quantities[0].key == "warmth"]
    inside = query.area.contains(np.array([c.latitude for c in casts]), np.array([c.longitude for c in casts]))
    expected = {(c.latitude, c.longitude) for c, yes in zip(casts, inside, strict=True) if yes}
    result = {station.geometry.coordinates[::-1] for station in everywhere.stored.search_stations(query)}
    assert result == expected if len(expected) <= 500 else (result < expected and len(result) == 500)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(0, 2000), st.floats(-5, 40)), max_size=40),
    st.none() | st.floats(0, 2000),
)
def test_samples_of_a_track_lie_in_one_layer(samples, depth):
    samples = sorted(samples, key=lambda sample: sample[1])
    chosen = choose_layer(samples, depth)
    if depth is None:
        shallowest = [min(at for number, at, _ in samples if number == station) for station in {s[0] for s in samples}]
        depth = float(np.median(shallowest)) if shallowest else 0.0
    reach = max(10, 0.1 * depth)
    for station in {number for number, _, _ in samples}:
        distances = [abs(at - depth) for number, at, _ in samples if number == station]
        assert (station in chosen) == (min(distances) <= reach)
        assert station not in chosen or abs(chosen[station][0] - depth) == min(distances)


def test_a_float_that_misses_the_surface_once_is_left_out_there():
    samples = [(1, 4.0, 10.0), (2, 6.0, 11.0), (3, 17.0, 12.0), (4, 900.0, 3.0), (1, 900.0, 2.0)]
    assert choose_layer(samples, None) == {1: (4.0, 10.0), 2: (6.0, 11.0), 3: (17.0, 12.0)}
    assert choose_layer(samples, 880.0) == {4: (900.0, 3.0), 1: (900.0, 2.0)}
