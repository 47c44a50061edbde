"""CoverageJSON and GeoJSON of any extraction."""

import json
from dataclasses import replace

import numpy as np
import pytest
from covjson_pydantic.coverage import Coverage, CoverageCollection
from tests.data import extractions
from tests.looping import loop_over

from ocean_common.coverages import describe_parameter, ucum_symbol
from ocean_core.errors import UnsupportedFormat
from ocean_core.time import DAY, DateScale
from ocean_data.writing import shortest_decimals
from ocean_data.writing.covjson import COVJSON
from ocean_data.writing.geojson import GEOJSON


def covjson(extraction):
    return json.loads(extractions.written(COVJSON, extraction))


def geojson(extraction):
    return json.loads(extractions.written(GEOJSON, extraction))


def coverages(document):
    return document.get("coverages", [document])


def types(document):
    return [coverage["domain"].get("domainType") for coverage in coverages(document)]


@loop_over("name", extractions.KINDS)
def test_every_kind_fits_the_models_of_the_standard(name):
    document = covjson(extractions.KINDS[name]())
    for item in [document, *(domain["domain"] for domain in coverages(document))]:
        if item.get("domainType") == "Section":
            del item["domainType"]  # these models do not know it
    model = Coverage if document["type"] == "Coverage" else CoverageCollection
    model.model_validate_json(json.dumps(document))


@loop_over("name", extractions.KINDS)
def test_ranges_are_as_large_as_their_axes(name):
    for coverage in coverages(covjson(extractions.KINDS[name]())):
        axes = {key: len(axis["values"]) for key, axis in coverage["domain"]["axes"].items()}
        for values in coverage["ranges"].values():
            assert values["shape"] == [axes[key] for key in values["axisNames"]]
            assert len(values["values"]) == np.prod(values["shape"], dtype=int)
            assert {key for key, size in axes.items() if size > 1} <= set(values["axisNames"])


@loop_over("name", extractions.KINDS)
def test_no_value_is_lost(name):
    extraction = extractions.KINDS[name]()
    values = extraction.collect(extractions.parts(extraction))
    document = covjson(extraction)
    for field in extraction.fields:
        if not field.auxiliary:
            reported = [
                v
                for part in coverages(document)
                if field.key in part["ranges"]
                for v in part["ranges"][field.key]["values"]
            ]
            expected = shortest_decimals(values[field.key])
            np.testing.assert_array_equal(
                np.sort(np.array(reported, dtype=np.float64)), np.sort(expected.ravel().astype(np.float64))
            )


@loop_over(
    ("name", "expected"),
    [
        ("point", ["Point"]),
        ("series", ["PointSeries"]),
        ("profile", ["VerticalProfile"]),
        ("profiles", ["Grid"]),
        ("points at one time", ["VerticalProfile"] * 4 + ["MultiPoint"]),
        ("section", ["MultiPointSeries"]),
        ("transect", ["Section"]),
        ("transects", ["Section"] * 3),
        ("trajectory", ["Trajectory"]),
        ("area", ["Grid"]),
        ("mapped", ["Grid"]),
        ("curvilinear", ["MultiPointSeries"] * 2),
        ("mesh", ["MultiPointSeries"]),
    ],
)
def test_every_kind_has_its_domain_type(name, expected):
    assert types(covjson(extractions.KINDS[name]())) == expected


def test_a_grid_has_longitudes_for_x_and_latitudes_for_y():
    item = covjson(extractions.area())
    assert item["domain"]["axes"]["x"]["values"] == [178, 179, 180, 181, 182]
    assert item["domain"]["axes"]["y"]["values"] == [10, 11, 12]
    assert item["domain"]["axes"]["t"]["values"][0] == "1970-01-01T00:00:00Z"
    assert item["ranges"]["sst"]["axisNames"] == ["t", "y", "x"]
    assert item["ranges"]["sst"]["values"][-1] is None
    assert [system["coordinates"] for system in item["domain"]["referencing"]] == [["x", "y"], ["t"]]


def test_a_section_has_a_tuple_for_every_point_of_the_path():
    axes = covjson(extractions.transect())["domain"]["axes"]
    assert axes["composite"]["coordinates"] == ["t", "x", "y"]
    assert axes["composite"]["values"][1] == ["1970-01-01T00:00:00Z", -53.0, 48.0]
    assert axes["z"]["values"] == [0.5, 10.0]


def test_a_trajectory_has_its_own_time_and_depth_at_every_point():
    axes = covjson(extractions.trajectory())["domain"]["axes"]
    assert axes["composite"]["coordinates"] == ["t", "x", "y", "z"]
    assert axes["composite"]["values"][3] == ["1970-01-01T03:00:00Z", -55.0, 50.0, 4.5]


def test_a_map_is_in_its_own_plane():
    domain = covjson(extractions.mapped())["domain"]
    system = domain["referencing"][0]["system"]
    assert (system["type"], system["id"]) == ("ProjectedCRS", "http://www.opengis.net/def/crs/EPSG/0/3857")
    assert domain["axes"]["x"]["values"][:2] == [0.0, 1000.0]


def test_true_depths_are_written_with_the_values_at_their_levels():
    document = covjson(extractions.levels())
    first = coverages(document)[0]
    assert first["ranges"]["depth"]["shape"] == first["ranges"]["temp"]["shape"]
    assert document["referencing"][1]["system"]["cs"]["csAxes"][0]["name"] == {"en": "Level"}


def test_a_model_calendar_is_written_with_its_own_dates():
    raw, units = np.array([59, 60]), "days since 2000-01-01"
    extraction = extractions.make_extraction(
        {"time": 2},
        [
            replace(extractions.times(2), dates=DateScale(DAY * np.array([10_859, 10_860]), "360_day")),
            extractions.raw_times(raw, units),
            *extractions.places((), [1.0], [2.0]),
        ],
        {"sst": (("time",), extractions.numbers(2), {})},
        kind="timeseries",
        used=[(extractions.assets("360_day", raw, units), None)],
    )
    domain = covjson(extraction)["domain"]
    assert domain["axes"]["t"]["values"] == ["2000-02-30T00:00:00Z", "2000-03-01T00:00:00Z"]
    assert domain["referencing"][-1]["system"]["calendar"].startswith("https://cfconventions.org/")


def test_the_times_of_a_platform_are_real():
    assert covjson(extractions.trajectory())["domain"]["referencing"][-1]["system"]["calendar"] == "Gregorian"


def test_a_parameter_has_its_standard_name_and_unit():
    reported = describe_parameter(extractions.info("thetao", standard_name="sea_water_temperature"))
    assert reported["observedProperty"]["id"] == "http://vocab.nerc.ac.uk/standard_name/sea_water_temperature/"
    assert reported["unit"]["symbol"] == {"value": "Cel", "type": "http://www.opengis.net/def/uom/UCUM/"}


def test_labels_of_values_are_categories_without_a_unit():
    reported = describe_parameter(extractions.info("ice", units="1", categories=["water", "ice"]))
    assert "unit" not in reported
    assert reported["categoryEncoding"] == {"#0": 0, "#1": 1}


@loop_over(
    ("units", "expected"),
    [
        ("degree_C", "Cel"),
        ("m s-1", "m.s-1"),
        ("m/s", "m.s-1"),
        ("kg m-3", "kg.m-3"),
        ("W m^-2", "W.m-2"),
        ("1e-3", "10*-3"),
        ("1", "1"),
        ("psu", None),
        ("", None),
        ("hour-1 since", None),
    ],
)
def test_units_have_a_symbol_where_it_is_known(units, expected):
    assert ucum_symbol(units) == expected


def test_places_have_their_values_as_properties():
    document = geojson(extractions.points())
    assert document["type"] == "FeatureCollection"
    second = document["features"][1]
    assert second["geometry"] == {"type": "Point", "coordinates": [-53.0, 48.0]}
    assert second["properties"]["thetao"] == [[0.1, 0.5], [0.9, 1.3], [1.7, 2.1]]
    assert second["properties"]["name"] == 'b,"c"'
    assert (document["depths"], len(document["times"])) == ([0.5, 10.0], 3)
    assert document["variables"]["thetao"]["units"] == "degC"


def test_one_time_makes_plain_properties_and_longitudes_stay_in_the_world():
    document = geojson(extractions.area(1))
    assert [feature["geometry"]["coordinates"] for feature in document["features"][:5]] == [
        [178.0, 10.0],
        [179.0, 10.0],
        [180.0, 10.0],
        [-179.0, 10.0],
        [-178.0, 10.0],
    ]
    assert [feature["properties"]["sst"] for feature in document["features"][:3]] == [0.0, 0.1, 0.2]


def test_a_place_without_a_value_is_left_out():
    assert len(geojson(extractions.area(1))["features"]) == 3 * 5 - 1


@loop_over("name", extractions.KINDS)
def test_every_kind_has_points_on_the_earth(name):
    document = geojson(extractions.KINDS[name]())
    assert document["features"]
    for feature in document["features"]:
        longitude, latitude = feature["geometry"]["coordinates"]
        assert -180 <= longitude <= 180
        assert -90 <= latitude <= 90


@pytest.mark.parametrize("stream", [COVJSON, GEOJSON], ids=["covjson", "geojson"])
def test_values_without_positions_are_refused_with_the_formats_that_work(stream):
    extraction = extractions.make_extraction(
        {"time": 3}, [extractions.times()], {"mean": (("time",), extractions.numbers(3), {})}, kind="statistics"
    )
    with pytest.raises(UnsupportedFormat, match="json or csv"):
        extractions.written(stream, extraction)
