"""Documents of version 1.0, made from those of version 2.0."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import dist
from statistics import fmean, pstdev
from typing import Any

from ocean_common.http import negotiate_language
from ocean_common.i18n import Language
from ocean_gateway.v1.forwarding import V1Request

Json = dict[str, Any]

COLOURS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "k": "Black", "b": "Blue", "g": "Green", "r": "Red", "c": "Cyan", "m": "Magenta", "y": "Yellow", "w": "White",
        "rnd": "Randomize", "none": "None",
    },
    "fr": {
        "k": "Noir", "b": "Bleu", "g": "Vert", "r": "Rouge", "c": "Cyan", "m": "Magenta", "y": "Jaune", "w": "Blanc",
        "rnd": "Aléatoire", "none": "Aucune",
    },
}  # fmt: skip
NO_DATA: Mapping[Language, str] = {"en": "No Data", "fr": "Aucune donnée"}
DATASET_MEMBERS = (
    "id", "value", "quantum", "help", "attribution", "model_class", "group", "subgroup", "time_dim_units",
)  # fmt: skip
_STATISTICS = {
    "min": "minimum",
    "max": "maximum",
    "mean": "mean",
    "median": "quantiles",
    "stddev": "deviation",
    "num": "count",
}
_DIGITS = 3  # of the values of `/data/`


def negotiate(accept_language: str) -> Language:
    """Return the language of an Accept-Language header."""
    return negotiate_language(None, accept_language)


def list_datasets(documents: list[Any], request: V1Request) -> list[Json]:
    """List datasets; with the flag `id` only their ids and names."""
    names = ("id", "value") if "id" in request.parameters else DATASET_MEMBERS
    return [{name: dataset.get(name) for name in names} for dataset in documents[0]]


def get_quantum(documents: list[Any], _: V1Request) -> str | None:
    """Return the quantum without the object around it."""
    quantum: str | None = documents[0]["value"]
    return quantum


def list_colours(_: list[Any], request: V1Request) -> list[Json]:
    """List the colours of lines, after those that are chosen at random or not at all where they are requested."""
    colours = COLOURS[negotiate(request.accept_language)]
    first = [key for key, name in (("none", "none"), ("rnd", "random")) if request.parameters.get(name)]
    keys = [*first, *(key for key in colours if key not in {"none", "rnd"})]
    return [{"id": key, "value": colours[key]} for key in keys]


def reshape_data(documents: list[Any], request: V1Request) -> Json:
    """Return points with the name, units and value of one variable; values to three decimals."""
    variable, collection = request.required("variable"), documents[0]
    about = collection["variables"][variable]
    shared = {"units": about["units"], "name": about["name"]}
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": feature["geometry"],
                "properties": {**shared, "data": round(feature["properties"][variable], _DIGITS)},
            }
            for feature in collection["features"]
            if feature["properties"].get(variable) is not None
        ],
    }


def list_areas(documents: list[Any], _: V1Request) -> list[Json]:
    """List areas by their names: rings as latitude, longitude, the centroid of each rim as longitude, latitude."""
    areas = []
    for feature in documents[0]["features"]:
        polygons = feature["geometry"]["coordinates"]
        rims, holes = [polygon[0] for polygon in polygons], [ring for polygon in polygons for ring in polygon[1:]]
        areas.append(
            {
                "name": feature["properties"]["name"],
                "polygons": list(map(_latitude_first, rims)),
                "innerrings": list(map(_latitude_first, holes)),
                "centroids": list(map(ring_centroid, rims)),
                "key": feature["properties"]["key"],
            }
        )
    return sorted(areas, key=lambda area: area["name"])


def _latitude_first(ring: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[latitude, longitude] for longitude, latitude in ring]


def ring_centroid(ring: Sequence[Sequence[float]]) -> list[float]:
    """Return the centroid of a closed ring as a line: the middles of its edges, weighted by their lengths."""
    edges = list(pairwise(ring))
    lengths = [dist(first, second) for first, second in edges]
    if not sum(lengths):
        return list(ring[0])
    return [fmean([(first[axis] + second[axis]) / 2 for first, second in edges], lengths) for axis in (0, 1)]


def list_class4(documents: list[Any], _: V1Request) -> list[Json]:
    """List the profiles of a file that have an error; it is normalised by the mean and two standard deviations."""
    features = [item for item in documents[0]["features"] if item["properties"]["error"] is not None]
    errors = [item["properties"]["error"] for item in features]
    greatest = fmean(errors) + 2 * pstdev(errors) if errors else 0.0
    profiles = []
    for item, error in zip(features, errors, strict=True):
        longitude, latitude = item["geometry"]["coordinates"]
        profiles.append(
            {
                "name": item["properties"]["name"],
                "loc": f"{latitude:.6f},{longitude:.6f}",
                "id": item["properties"]["id"],
                "rmse": error,
                "rmse_norm": error / greatest if greatest else 0.0,
            }
        )
    return sorted(profiles, key=lambda profile: profile["id"])


def name_types(documents: list[Any], _: V1Request) -> Json:
    """Name the types of places as they were: point, line."""
    names = {"Point": "point", "LineString": "line"}
    features = [
        {**feature, "properties": {**properties, "type": names.get(properties["type"], properties["type"])}}
        for feature in documents[0]["features"]
        for properties in [feature["properties"]]
    ]
    return {**documents[0], "features": features}


def unwrap_tracks(documents: list[Any], _: V1Request) -> Json:
    """Begin each track at a longitude from 0 to 360; it goes on beyond where it crosses the meridian of Greenwich."""
    features = []
    for feature in documents[0]["features"]:
        line = feature["geometry"]["coordinates"]
        turn = line[0][0] % 360 - line[0][0] if line else 0
        turned = [[round(longitude + turn, 6), latitude] for longitude, latitude in line]
        features.append({**feature, "geometry": {**feature["geometry"], "coordinates": turned}})
    return {**documents[0], "features": features}


def reshape_statistics(document: Json, language: Language, *, at_bottom: bool) -> list[Json]:
    """Return the statistics of each variable in one area, as text."""
    variables, depth = document["variables"], document["coordinates"].get("depth")
    where = "(@ Bottom)" if at_bottom else ""
    if not at_bottom and depth is not None and (metres := _first(depth["values"])) is not None:
        where = f"(@{metres:.0f} {depth['units'] or 'm'})"
    statistics = []
    for key in (name.removesuffix("_count") for name in variables if name.endswith("_count")):
        values = {
            name: _first(variables[f"{key}_{word}"]["values"]) if f"{key}_{word}" in variables else None
            for name, word in _STATISTICS.items()
        }
        about = variables.get(f"{key}_minimum", variables[f"{key}_count"])
        texts = {
            name: NO_DATA[language] if value is None else f"{value:6.5g}"
            for name, value in values.items()
            if name != "num"
        }
        # The name of a statistic is that of its variable, a colon, and what it is.
        name = about["name"].rpartition(":")[0].strip() or about["name"]
        statistics.append(
            {"name": f"{name} {where}".strip(), "unit": about["units"], **texts, "num": f"{values['num'] or 0:.0f}"}
        )
    return statistics


def _first(values: Any) -> Any:
    """Return the first number of nested lists; None where there is none."""
    while isinstance(values, list):
        values = values[0] if values else None
    return values
