"""KML as text: what is read of it, and what is refused."""

import io
import os
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import shapely
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.errors import Message
from ocean_metadata.places import kml
from ocean_metadata.places.gazetteer import Gazetteer
from ocean_metadata.places.kml import KmlUnreadable, make_area, read_kml

SAMPLE_DATA = Path(__file__).parents[2] / "deploy" / "sample_data" / "kml"
SAMPLES = os.environ.get("OCEAN_SAMPLES")
SQUARE = "10,70 20,70 20,75 10,75 10,70"


def document(body, namespace='xmlns="http://www.opengis.net/kml/2.2"'):
    return f"<kml {namespace}><Document>{body}</Document></kml>".encode()


def mark(geometry, name="A"):
    return f"<Placemark><name>{name}</name>{geometry}</Placemark>"


def polygon(rim, *holes):
    inner = "".join(f"<innerBoundaryIs>{ring(hole)}</innerBoundaryIs>" for hole in holes)
    return f"<Polygon><outerBoundaryIs>{ring(rim)}</outerBoundaryIs>{inner}</Polygon>"


def ring(text):
    return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"


def point(text):
    return f"<Point><coordinates>{text}</coordinates></Point>"


def only(content, kind="area"):
    result = read_kml(content, kind, "stem")
    assert not result.problems
    (place,) = result.places
    return place


@loop_over("namespace", ["", 'xmlns="http://www.opengis.net/kml/2.2"', 'xmlns="http://earth.google.com/kml/2.1"'])
def test_any_namespace_is_read(namespace):
    assert only(document(mark(point("5,60")), namespace), "point").geometry.coords[:] == [(5, 60)]


def test_a_prefix_is_read_as_the_default_namespace():
    text = b'<k:kml xmlns:k="http://www.opengis.net/kml/2.2"><k:Placemark><k:name>A</k:name><k:Point><k:coordinates>5,60</k:coordinates></k:Point></k:Placemark></k:kml>'
    assert only(text, "point").name == "A"


def test_the_name_is_that_of_the_first_folder_however_deep():
    text = (
        "<name>doc</name><Folder><name> Outer\n one</name><Folder><name>Inner</name>"
        + mark(point("5,60"))
        + "</Folder></Folder>"
    )
    assert read_kml(document(text), "point", "stem").name == "Outer one"
    assert read_kml(document("<name>doc</name>" + mark(point("5,60"))), "point", "stem").name == "doc"
    assert read_kml(document(mark(point("5,60"))), "point", "stem").name == "stem"


def test_names_in_cdata_are_text():
    assert only(document(mark(point("5,60"), "<![CDATA[Fram & <Strait>]]>")), "point").name == "Fram & <Strait>"


def test_places_of_one_name_are_distinguished():
    text = document(mark(point("5,60")) + mark(point("6,60")) + mark(point("7,60"), ""))
    assert [place.name for place in read_kml(text, "point", "stem").places] == ["A", "A (2)", "stem 3"]
    text = document("".join(mark(point("5,60"), name) for name in ["A (2)", "A", "A", "A", "A (2)"]))
    assert [place.name for place in read_kml(text, "point", "s").places] == [
        "A (2)",
        "A",
        "A (3)",
        "A (4)",
        "A (2) (2)",
    ]


def test_any_number_of_places_of_one_name_are_distinguished():
    result = read_kml(document(mark(point("5,60")) * kml.MAX_PLACES), "point", "s").places
    assert len({item.name for item in result}) == kml.MAX_PLACES
    assert result[-1].name == f"A ({kml.MAX_PLACES})"


@loop_over("text", ["5,60", "5,60,0", " 5,60,-12.5\n", "5 , 60", "+5.0,6e1"])
def test_positions_are_read_with_and_without_altitude(text):
    assert only(document(mark(point(text))), "point").geometry.coords[:] == [(5, 60)]


def test_a_hole_is_cut_out_wherever_it_is_written():
    inner = f"<innerBoundaryIs>{ring('12,71 14,71 14,72 12,72 12,71')}</innerBoundaryIs>"
    outer = f"<outerBoundaryIs>{ring(SQUARE)}</outerBoundaryIs>"
    for text in (outer + inner, inner + outer):
        assert only(document(mark(f"<Polygon>{text}</Polygon>"))).geometry.area == pytest.approx(50 - 2)


def test_many_geometries_are_one_area_and_several_points():
    text = (
        f"<MultiGeometry>{polygon(SQUARE)}<MultiGeometry>{polygon('30,70 31,70 31,71')}</MultiGeometry></MultiGeometry>"
    )
    assert only(document(mark(text))).geometry.area == pytest.approx(50.5)
    text = f"<MultiGeometry>{point('5,60')}{point('6,60')}</MultiGeometry>"
    assert [place.name for place in read_kml(document(mark(text)), "point", "s").places] == ["A", "A (2)"]


def test_an_area_over_the_date_line_is_one_piece():
    for rim in ("170,60 -170,60 -170,65 170,65", "170,60 190,60 190,65 170,65", "-190,60 -170,60 -170,65 -190,65"):
        result = only(document(mark(polygon(rim)))).geometry
        assert (result.area, result.bounds[2] - result.bounds[0]) == (100, 20)
        assert abs(result.centroid.x) == 180


def test_halves_on_both_sides_of_the_date_line_are_joined():
    text = polygon("170,60 180,60 180,65 170,65") + polygon("-180,60 -170,60 -170,65 -180,65")
    result = only(document(mark(f"<MultiGeometry>{text}</MultiGeometry>"))).geometry
    assert (len(result.geoms), result.area) == (1, 100)


def test_an_area_around_the_pole_reaches_up_to_it():
    result = only(document(mark(polygon("0,80 90,80 180,80 -90,80")))).geometry
    assert result.is_valid
    assert result.area == pytest.approx(3600)


def test_a_rim_that_crosses_itself_is_mended():
    result = only(document(mark(polygon("0,0 2,2 2,0 0,2")))).geometry
    assert result.is_valid
    assert result.area == pytest.approx(2)


@loop_over(
    ("kind", "geometry"),
    [
        ("point", point("nan,60")),
        ("point", point("5,inf")),
        ("point", point("60,95")),
        ("point", point("5;60")),
        ("point", point("")),
        ("point", point("5,60,7,8")),
        ("line", "<LineString><coordinates>5,60</coordinates></LineString>"),
        ("area", polygon("5,60 6,60")),
        ("area", polygon("5,60 6,60 7,60")),
        ("area", "<Polygon/>"),
        ("area", polygon("NaN,60 6,60 7,61")),
    ],
)
def test_a_wrong_place_is_left_out_and_reported_and_the_others_stay(kind, geometry):
    right = {"point": point("5,60"), "line": "<LineString><coordinates>5,60 6,61</coordinates></LineString>"}
    result = read_kml(document(mark(geometry, "wrong") + mark(right.get(kind, polygon(SQUARE)), "right")), kind, "stem")
    assert [place.name for place in result.places] == ["right"]
    (problem,) = result.problems
    assert str(problem).startswith("wrong: ")


def test_a_file_without_places_of_its_kind_says_so():
    assert read_kml(document(mark(point("5,60"))), "area", "stem").problems == [Message("it has no areas")]


LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;">]><kml><Placemark><name>&b;</name></Placemark></kml>'
)
HOSTILE = {
    "billion laughs": (LAUGHS, "document type"),
    "external entity": (b'<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>', "document type"),
    "external dtd": (b'<!DOCTYPE kml SYSTEM "http://example.org/kml.dtd"><kml/>', "document type"),
    "deep": (b"<a>" * 100_000, "nested"),
    "cut": (document(mark(point("5,60")))[:-9], "not XML"),
    "empty": (b"", "not XML"),
    "no xml": (b"\x00\xff\xfe" * 100, "not XML"),
    "encoding": (b'<?xml version="1.0" encoding="no-such"?><kml/>', "not XML"),
    "many bytes": (b"<kml>" + b" " * kml.MAX_BYTES, "limit"),
    "many places": (document("<Placemark/>" * (kml.MAX_PLACES + 1)), "more than"),
    "many places in one": (
        document(mark(f"<MultiGeometry>{point('1,2') * (kml.MAX_PLACES + 1)}</MultiGeometry>")),
        "more",
    ),
    "many positions": (document(mark(point("1,2 " * (kml.MAX_POSITIONS * 2 + 2)))), "more than"),
}


@loop_over("case", HOSTILE)
@pytest.mark.timeout(60)
def test_hostile_text_is_refused(case):
    content, reason = HOSTILE[case]
    with pytest.raises(KmlUnreadable, match=reason):
        read_kml(content, "point", "stem")


@pytest.mark.timeout(60)
def test_a_rim_with_very_many_crossings_is_refused_at_once():
    zigzag = " ".join(f"{index % 2 * 40},{index / 100}" for index in range(5_000)) + " 20,-10 "
    zigzag += " ".join(f"{index / 125},{index % 2 * 60}" for index in range(5_000))
    assert "crosses itself" in str(read_kml(document(mark(polygon(zigzag))), "area", "s").problems[0])


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    with suppress(KmlUnreadable):
        assert all(read_kml(content, "area", "stem").problems)  # each says what it is


POSITIONS = st.tuples(st.integers(-180, 180), st.integers(-90, 90))


@given(st.lists(st.lists(st.lists(POSITIONS, min_size=3, max_size=7), min_size=1, max_size=3), min_size=1, max_size=3))
def test_any_rings_make_a_valid_area_or_a_reason(polygons):
    try:
        area = make_area(polygons)
    except ValueError:
        return
    assert area.is_valid
    assert area.geom_type == "MultiPolygon"
    assert abs(area.centroid.x) <= 180 + 1e-9
    assert area.bounds[1] >= -90
    assert area.bounds[3] <= 90


def folder(tmp_path, **files):
    for kind in ("point", "line", "area"):
        (tmp_path / kind).mkdir(exist_ok=True)
    for name, content in files.items():
        kind, _, stem = name.partition("_")
        (tmp_path / kind / stem.replace("_kmz", ".kmz").replace("_kml", ".kml")).write_bytes(content)
    return Gazetteer(str(tmp_path))


def zipped(content, name="doc.kml"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def test_a_broken_file_is_reported_and_hides_no_other(tmp_path):
    result = folder(
        tmp_path, point_good_kml=document(mark(point("5,60"))), point_bad_kml=b"<kml>", area_laughs_kml=LAUGHS
    )
    (tmp_path / "point" / "notes.txt").write_text("not read")
    (tmp_path / "point" / "large.kml").write_bytes(b"")
    os.truncate(tmp_path / "point" / "large.kml", 100 << 20)  # 100 MB without a byte on the disk
    assert result.refresh()
    assert [group.id for group in result.groups("point")] == ["good"]
    assert {file for _, file, _ in result.problems} == {"bad.kml", "laughs.kml", "large.kml"}


def test_archives_are_unpacked_within_bounds(tmp_path):
    good, bomb = zipped(document(mark(point("5,60")))), zipped(b" " * (100 << 20))
    result = folder(
        tmp_path,
        point_good_kmz=good,
        point_bomb_kmz=bomb,
        point_none_kmz=zipped(b"", "a.png"),
        point_cut_kmz=good[:-40],
    )
    result.refresh()
    assert [group.id for group in result.groups("point")] == ["good"]
    assert {file for _, file, _ in result.problems} == {"bomb.kmz", "none.kmz", "cut.kmz"}


def test_changes_are_followed_and_nothing_else_is_read_again(tmp_path):
    result = folder(tmp_path, point_a_kml=document(mark(point("5,60"))), point_b_kml=document(mark(point("5,60"))))
    result.refresh()
    assert not result.refresh()
    stored, before = result.file("point", "b"), result.file("point", "a").revision
    (tmp_path / "point" / "a.kml").write_bytes(document(mark(point("5,61"), "new name")))
    (tmp_path / "line" / "c.kml").write_bytes(
        document(mark("<LineString><coordinates>1,2 3,4</coordinates></LineString>"))
    )
    assert result.refresh()
    assert result.file("point", "b") is stored
    assert result.file("point", "a").revision != before
    assert [group.id for group in result.groups("line")] == ["c"]
    (tmp_path / "point" / "a.kml").unlink()
    assert result.refresh()
    assert [group.id for group in result.groups("point")] == ["b"]


def test_a_pipe_among_the_files_is_never_opened(tmp_path):
    result = folder(tmp_path)
    os.mkfifo(tmp_path / "point" / "pipe.kml")
    looking = threading.Thread(target=result.refresh, daemon=True)
    looking.start()
    looking.join(5)
    assert not looking.is_alive()


def test_a_folder_may_come_later(tmp_path):
    result = Gazetteer(str(tmp_path / "later"))
    assert not result.refresh()
    (tmp_path / "later" / "point").mkdir(parents=True)
    (tmp_path / "later" / "point" / "a.kml").write_bytes(document(mark(point("5,60"))))
    assert result.refresh()


def test_of_two_files_with_one_id_the_first_is_served(tmp_path):
    content = document(mark(point("5,60")))
    result = folder(tmp_path, point_a_kml=content, point_a_kmz=zipped(content))
    result.refresh()
    assert [file for _, file, _ in result.problems] == ["a.kmz"]


def test_the_shipped_places_are_read_without_a_problem():
    result = Gazetteer(str(SAMPLE_DATA))
    result.refresh()
    assert not result.problems
    assert len(result.file("point", "kola_section").places) == 13
    barents = next(place for place in result.file("area", "nordic_seas").places if place.name == "Central Barents Sea")
    assert shapely.get_num_interior_rings(barents.geometry.geoms[0]) == 1


@pytest.mark.skipif(SAMPLES is None, reason="OCEAN_SAMPLES names no folder of sample files")
def test_the_files_of_the_teams_give_every_place_they_have():
    root = Path(SAMPLES) / "reference" / "kml"
    result = Gazetteer(str(root))
    result.refresh()
    assert not result.problems
    for path in sorted(root.glob("*/*.kml")):
        kind, places = path.parent.name, result.file(path.parent.name, path.stem).places
        tree = ElementTree.fromstring(path.read_bytes())
        marks = [item for item in tree.iter() if item.tag.endswith("}Placemark")]
        names = [next(part.text for part in item if part.tag.endswith("}name")) for item in marks]
        assert [item.name for item in places] == names
        for item, place in zip(marks, places, strict=True):
            text = next(part.text for part in item.iter() if part.tag.endswith("}coordinates"))
            given = [tuple(map(float, part.split(",")[:2])) for part in text.split()]
            if kind == "area":
                assert place.geometry.symmetric_difference(shapely.Polygon(given)).area < 1e-9
            else:
                assert list(place.geometry.coords) == given
