"""Rows of version 1.0 and the requests of version 2.0 that answer them.

A row without `reshape` is answered with the bytes of version 2.0, while they arrive.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from ocean_common.clients.http import segment
from ocean_core.errors import InvalidRequest
from ocean_gateway.v1 import documents
from ocean_gateway.v1.forwarding import Service, V1Request, V2Request

Json = dict[str, Any]
Make = Callable[[V1Request], list[V2Request]]
Reshape = Callable[[list[Any], V1Request], Any]

PREFIX = "/api/v1.0"
DATA_STRIDE = "4"  # rows and columns of `/data/`, the default of the old server
MAX_AREAS = 20  # of one request for statistics
LONG_QUERY = 8_000  # characters, beyond which the query of a plot is posted
_TRUE = {"true", "yes", "on"}
_NAME = re.compile(r"\{(\w+)\}")


class Row(NamedTuple):
    """One address of version 1.0."""

    pattern: re.Pattern[str]  # of the path below the prefix, percent-encoded, without a slash at its end
    make: Make
    reshape: Reshape | None = None
    posts: bool = False  # whether a form can be posted


def find_row(path: str) -> tuple[Row, dict[str, str]]:
    """Return the row of a path, which is percent-encoded and begins with the prefix, and the parts of the path."""
    below = path.removeprefix(PREFIX).strip("/")
    # The address of another route, once somebody tidied it.
    if not any(unquote(part) in {".", ".."} for part in below.split("/")):
        for row in ROWS:
            if match := row.pattern.fullmatch(below):
                return row, match.groupdict()
    raise InvalidRequest("this is no address of version 1.0 of the API; see the documentation")


def compile_template(template: str) -> re.Pattern[str]:
    """Compile a template of a path; its names stand for one segment each, or for a part of one."""
    parts = _NAME.split(template)
    names = (f"(?P<{name}>[^/]+)" for name in parts[1::2])
    texts = map(re.escape, parts[::2])
    return re.compile("".join(text + name for text, name in zip(texts, [*names, ""], strict=True)))


def rewrite(
    template: str,
    service: Service,
    path: str,
    query: Iterable[str] = (),
    *,
    reshape: Reshape | None = None,
    **renamed: str,
) -> Row:
    """Return a row that is another path and query.

    The path of version 2.0 takes its names from the old path, or from the old query; ``query`` has the names of parts
    of the old path that became parameters, and ``renamed`` those that are called otherwise.
    """
    named = {name: name for name in query} | renamed

    def make(request: V1Request) -> list[V2Request]:
        return [
            V2Request(
                service=service,
                path=_NAME.sub(lambda match: request.segment(match[1]), path),
                query={new: unquote(request.segment(old)) for new, old in named.items()},
            )
        ]

    return Row(compile_template(template), make, reshape)


# Requests that need more than other names


def list_variables(request: V1Request) -> list[V2Request]:
    """Request variables; flags count without a value."""
    flags = {"3d_only": "has_depth_only", "vectors_only": "vectors_only"}
    query = {new: "true" for old, new in flags.items() if old in request.parameters}
    return [V2Request(service="metadata", path=f"/dataset/{request.segment('dataset')}/variables", query=query)]


def list_depths(request: V1Request) -> list[V2Request]:
    """Request depths, with the entry `all` only on demand."""
    with_all = request.parameters.get("all", "").lower() in _TRUE
    path = f"/dataset/{request.segment('dataset')}/{request.segment('variable')}/depths"
    return [V2Request(service="metadata", path=path, query={"include_all_key": str(with_all).lower()})]


def get_script(request: V1Request) -> list[V2Request]:
    """Request a program; the kind of its plot was a member of the query."""
    query, language, script_type = parse_query(request), request.required("lang"), request.required("scriptType")
    plot_type = query.pop("type", None)
    parameters = {"query": _write_json(query), "lang": language, "script_type": script_type.lower()}
    if isinstance(plot_type, str):
        parameters["plot_type"] = plot_type
    name = f"API_script_{script_type.upper()}.{'r' if language == 'r' else 'py'}"
    return [V2Request(service="metadata", path="/generate_script", query=parameters, file_name=name)]


def get_observation_metadata(request: V1Request) -> list[V2Request]:
    """Request the metadata of a platform or station, whose kind and id were parameters."""
    kind, number = request.parameters.get("type") or "platform", request.parameters.get("id") or "0"
    return [V2Request(service="metadata", path=f"/observation/meta/{segment(kind)}/{segment(number)}.json")]


def get_data(request: V1Request) -> list[V2Request]:
    """Request the values of a variable over its whole grid at a stride, as points."""
    query = {
        "bbox": "-180,-90,180,90",
        "stride": DATA_STRIDE,
        "geometry": "point",
        "format": "geojson",
        "time": request.parameters.get("time") or "-1",
        "depth": request.parameters.get("depth") or "0",
    }
    path = f"/data/{request.segment('dataset')}/{request.segment('variable')}/area"
    return [V2Request(service="data", path=path, query=query)]


def get_subset(request: V1Request) -> list[V2Request]:
    """Request a subset, whose dataset and variables were parameters."""
    names = ("time", "min_range", "max_range", "output_format", "depth", "should_zip", "area")
    path = f"/subset/{request.segment('dataset_name')}/{request.segment('variables')}"
    return [V2Request(service="data", path=path, query=request.chosen(*names))]


def get_plot(request: V1Request) -> list[V2Request]:
    """Request a plot, whose kind was a member of the query; `data` asks for its table."""
    query = parse_query(request)
    kind = query.pop("type", None)
    if not isinstance(kind, str) or not kind:
        raise InvalidRequest('the query has no type of plot, as {"type": "profile"}', field="type")
    # The old server drew a PNG if no format was named; version 2.0 answers with JSON.
    file_format = "csv" if "data" in request.parameters else request.parameters.get("format") or "png"
    parameters = {"format": file_format} | request.chosen("size", "dpi")
    if "save" in request.parameters:
        parameters["save"] = "true"
    path, text = f"/plot/{segment(kind)}", _write_json(query)
    if request.posted or len(text) > LONG_QUERY:
        return [V2Request(service="plotting", path=path, query=parameters, body=query)]
    return [V2Request(service="plotting", path=path, query={"query": text} | parameters)]


def get_statistics(request: V1Request) -> list[V2Request]:
    """Request the statistics of each area."""
    query = parse_query(request)
    variables = query.get("variable") or ""
    keys = variables.split(",") if isinstance(variables, str) else variables
    if not isinstance(keys, list) or not all(isinstance(key, str) and key for key in keys):
        raise InvalidRequest("the query has no variable", field="variable")
    if not isinstance(query.get("dataset"), str) or not query["dataset"]:
        raise InvalidRequest("the query has no dataset", field="dataset")
    joined = ",".join(key.removesuffix("_anom") for key in keys)
    path = f"/data/{segment(query['dataset'])}/{segment(joined)}/statistics"
    time, depth = (
        default if query.get(name) in (None, "") else str(query[name])
        for name, default in (("time", "-1"), ("depth", "0"))
    )
    requests = []
    for area in parse_areas(query):
        if isinstance(area, str):
            named = {"area": area, "time": time, "depth": depth, "quantiles": "0.5"}
            requests.append(V2Request(service="data", path=path, query=named))
        else:
            drawn = {"polygon": area.to_geojson(), "time": time, "depth": depth, "quantiles": [0.5]}
            requests.append(V2Request(service="data", path=path, body=drawn))
    return requests


def collect_statistics(answers: list[Any], request: V1Request) -> list[Json]:
    """Return the statistics of all areas, by their names."""
    query = parse_query(request)
    areas = zip(parse_areas(query), answers, strict=True)
    at_bottom = query.get("depth") == "bottom"
    language = documents.negotiate(request.accept_language)
    statistics = [
        {
            "name": area.partition("/")[2] if isinstance(area, str) else area.name or "",
            "variables": documents.reshape_statistics(answer, language, at_bottom=at_bottom),
        }
        for area, answer in areas
    ]
    return sorted(statistics, key=lambda area: area["name"])


# Queries that are JSON


class DrawnArea(msgspec.Struct, frozen=True, kw_only=True):
    """Area that was drawn on the map; positions are latitude, longitude."""

    polygons: list[list[tuple[float, float]]]
    innerrings: list[list[tuple[float, float]]] = []
    name: str | None = None

    def to_geojson(self) -> Json:
        """Return a MultiPolygon of closed rings: longitude first."""
        holes = [_close(ring) for ring in self.innerrings if ring]
        return {"type": "MultiPolygon", "coordinates": [[_close(ring), *holes] for ring in self.polygons]}


def _close(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    closed = [*ring, ring[0]] if ring and ring[0] != ring[-1] else ring
    return [(longitude, latitude) for latitude, longitude in closed]


def parse_query(request: V1Request) -> Json:
    """Parse the JSON object in the parameter `query`."""
    try:
        query = msgspec.json.decode(request.required("query"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest("query is not JSON: {error}", error=str(error)[:120], field="query") from error
    if not isinstance(query, dict):
        raise InvalidRequest("query is not a JSON object", field="query")
    return query


def parse_areas(query: Json) -> list[str | DrawnArea]:
    """Parse the areas of a query: keys group/name of predefined areas, or drawn ones."""
    try:
        areas = msgspec.convert(query.get("area"), list[str | DrawnArea])
    except msgspec.ValidationError as error:
        raise InvalidRequest("area: {error}", error=str(error)[:120], field="area") from error
    if not 1 <= len(areas) <= MAX_AREAS:
        text = "the query has {count} areas; it can have 1 to {limit}"
        raise InvalidRequest(text, count=len(areas), limit=MAX_AREAS, field="area")
    return areas


def _write_json(value: Json) -> str:
    return msgspec.json.encode(value).decode()


# The table; the first row that matches answers

ROWS: tuple[Row, ...] = (
    rewrite("gitinfo", "metadata", "/git_info"),
    Row(compile_template("generatescript"), get_script),
    rewrite("datasets", "metadata", "/datasets", reshape=documents.list_datasets),
    rewrite("timeunit", "metadata", "/dataset/{dataset}/timeunit"),
    rewrite("quantum", "metadata", "/dataset/{dataset}/quantum", reshape=documents.get_quantum),
    Row(compile_template("variables"), list_variables),
    Row(compile_template("depth"), list_depths),
    rewrite("timestamps", "metadata", "/dataset/{dataset}/{variable}/timestamps"),
    rewrite("scale/{dataset}/{variable}/{scale}.png", "plotting", "/scale/{dataset}/{variable}/{scale}"),
    rewrite(
        "range/{dataset}/{variable}/{interp}/{radius}/{neighbours}/{projection}/{extent}/{depth}/{time}.json",
        "data",
        "/range/{dataset}/{variable}/{interp}/{radius}/{neighbours}/{projection}/{extent}/{depth}/{time}",
    ),
    Row(compile_template("data"), get_data, documents.reshape_data),
    rewrite("class4/forecasts/{type}/{id}", "metadata", "/class4/forecasts/{type}", ["id"]),
    rewrite("class4/models/{type}/{id}", "metadata", "/class4/models/{type}", ["id"]),
    Row(compile_template("stats"), get_statistics, collect_statistics, posts=True),
    Row(compile_template("subset"), get_subset, posts=True),
    Row(compile_template("plot"), get_plot, posts=True),
    Row(compile_template("colors"), lambda _: [], documents.list_colours),
    rewrite("colormaps", "plotting", "/plot/colormaps"),
    rewrite("colormaps.png", "plotting", "/plot/colormaps.png"),
    rewrite("points", "metadata", "/kml/point"),
    rewrite("lines", "metadata", "/kml/line"),
    rewrite("areas", "metadata", "/kml/area"),
    rewrite("class4", "metadata", "/class4"),
    rewrite("areas/{id}.json", "metadata", "/kml/area/{id}", reshape=documents.list_areas),
    rewrite("class4/{id}/{type}.json", "metadata", "/class4/{type}", ["id"], reshape=documents.list_class4),
    rewrite(
        "points/{projection}/{resolution}/{extent}/{file}.json",
        "metadata",
        "/kml/point/{file}",
        ["projection"],
        view_bounds="extent",
        reshape=documents.name_types,
    ),
    rewrite(
        "lines/{projection}/{resolution}/{extent}/{file}.json",
        "metadata",
        "/kml/line/{file}",
        ["projection"],
        view_bounds="extent",
        reshape=documents.name_types,
    ),
    rewrite(
        "areas/{projection}/{resolution}/{extent}/{file}.json",
        "metadata",
        "/kml/area/{file}",
        ["projection", "resolution"],
        view_bounds="extent",
    ),
    *(
        rewrite(
            f"{kind}/{{projection}}/{{resolution}}/{{extent}}/{{id}}.json",
            "metadata",
            f"/class4/{kind}",
            ["projection", "resolution", "extent", "id"],
        )
        for kind in ("ocean_predict", "riops_obs")
    ),
    rewrite(
        "tiles/topo/{shaded_relief}/{projection}/{zoom}/{x}/{y}.png",
        "plotting",
        "/tiles/topo/{zoom}/{x}/{y}",
        ["shaded_relief", "projection"],
    ),
    rewrite("tiles/bath/{projection}/{zoom}/{x}/{y}.png", "plotting", "/tiles/bath/{zoom}/{x}/{y}", ["projection"]),
    rewrite(
        "tiles/{interp}/{radius}/{neighbours}/{projection}/{dataset}/{variable}/{time}/{depth}/{scale}/{zoom}/{x}/{y}.png",
        "plotting",
        "/tiles/{dataset}/{variable}/{time}/{depth}/{zoom}/{x}/{y}",
        ["projection", "scale", "interp", "radius", "neighbours"],
    ),
    rewrite("mbt/{projection}/{type}/{zoom}/{x}/{y}", "plotting", "/mbt/{type}/{zoom}/{x}/{y}", ["projection"]),
    Row(compile_template("observation/meta.json"), get_observation_metadata),
    *(
        rewrite(f"observation/{path}", "metadata", f"/observation/{path}")
        for path in (
            "datatypes.json",
            "meta_keys/{types}.json",
            "meta_values/{types}/{key}.json",
            "tracktimerange/{id}.json",
            "variables/{owner}.json",
            "point/{conditions}.json",
        )
    ),
    rewrite(
        "observation/track/{conditions}.json",
        "metadata",
        "/observation/track/{conditions}.json",
        reshape=documents.unwrap_tracks,
    ),
)
