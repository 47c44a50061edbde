"""Values at a pixel of a map, and the answers of ncWMS about a layer."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import Coverage
from ocean_common.i18n import Translator
from ocean_core.colour import COLORMAPS
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import wrap_longitude
from ocean_core.projections import pixel_axes
from ocean_core.time import DateScale, format_times, parse_iso_period, split_dates
from ocean_plotting.palettes import choose_colours
from ocean_plotting.templates import load_template
from ocean_plotting.wms.dimensions import ElevationAxis, date_steps, format_steps
from ocean_plotting.wms.parameters import MAX_BANDS, STYLE, MapWindow, WmsQuery, parse_number

Point = tuple[float, float]  # latitude, longitude: degrees


class FeatureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Value of a layer at a point."""

    layer: str
    name: str
    value: float | None
    units: str
    time: str | None = None  # ISO 8601, UTC
    elevation: str | None = None  # with its units
    category: str | None = None


def find_point(query: WmsQuery, window: MapWindow) -> Point:
    """Return the centre of the pixel of a request: I, J from the upper left; X, Y in version 1.1.1."""
    names = ("i", "j") if query.version == "1.3.0" else ("x", "y")
    column, row = (
        parse_number(query.require(name, other), name) for name, other in zip(names, ("x", "y", "i", "j"), strict=False)
    )
    if not (0 <= column < window.width and 0 <= row < window.height):
        raise InvalidRequest(
            "the point is outside of the map: {width} × {height} pixels from 0",
            width=window.width,
            height=window.height,
            field=names[0],
        )
    x, y = pixel_axes(window.box, window.width, window.height)
    latitude, longitude = window.projection.to_earth(x[[int(column)]], y[[int(row)]])
    if not (np.isfinite(latitude[0]) and np.isfinite(longitude[0]) and abs(latitude[0]) <= 90):
        raise InvalidRequest("there is no place on the Earth at this point of the map", field=names[0])
    return float(latitude[0]), float(wrap_longitude(longitude)[0])


def describe_value(assets: Assets, coverage: Coverage | None, translate: Translator) -> FeatureInfo:
    """Return the value of a layer in an extraction of one point; None: the point is outside its grid."""
    info = translate.describe(assets.variable)
    value, time, elevation = None, None, None
    if coverage is not None:
        field = next(field for field in coverage.fields if not field.auxiliary)
        number = float(unpack_array(field.values).ravel()[0])
        value = number if np.isfinite(number) else None
        for coordinate in coverage.coordinates:
            if coordinate.standard_name == "time" and not isinstance(coordinate.values, list):
                time = (coordinate.dates or format_times(unpack_array(coordinate.values), zone="Z"))[0]
            elif coordinate.name in {"depth", "height"} and not isinstance(coordinate.values, list):
                depth = float(unpack_array(coordinate.values).ravel()[0])
                elevation = f"{depth:g} {coordinate.units or ''}".rstrip() if np.isfinite(depth) else None
    return FeatureInfo(
        layer=f"{info.dataset}/{info.key}",
        name=info.name,
        value=value,
        units=info.units,
        time=time,
        elevation=elevation,
        category=info.numbered_categories.get(f"{value:g}") if value is not None else None,
    )


def write_values(features: Sequence[FeatureInfo], point: Point, form: str, translate: Translator) -> bytes:
    """Write values at a point as GeoJSON, a page, text or XML."""
    latitude, longitude = point
    if form == "application/json":
        geometry = {"type": "Point", "coordinates": [round(longitude, 6), round(latitude, 6)]}
        collection = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "id": item.layer, "geometry": geometry, "properties": msgspec.to_builtins(item)}
                for item in features
            ],
        }
        return msgspec.json.encode(collection)
    template = {"text/html": "values.html.jinja", "text/xml": "values.xml.jinja"}.get(form, "values.txt.jinja")
    return (
        load_template(__package__, template)
        .render(features=features, latitude=f"{latitude:.6g}", longitude=f"{longitude:.6g}", translate=translate)
        .encode()
    )


# The words of ncWMS


def describe_layer(assets: Assets, info: VariableInfo, target: str) -> dict[str, Any]:
    """Return the details of a layer; ``target``: the instant whose nearest time step is named, else the last."""
    colours = choose_colours(info)
    west, south, east, north = assets.grid.bounds or (-180.0, -90.0, 180.0, 90.0)
    details: dict[str, Any] = {
        "units": info.units,
        "bbox": [west, south, east, north] if west <= east else [-180.0, south, 180.0, north],
        "scaleRange": list(info.scale),
        "numColorBands": MAX_BANDS,
        "supportedStyles": [STYLE],
        "palettes": list(COLORMAPS),
        "defaultPalette": colours.colormap,
        "logScaling": colours.scale(info.scale).logarithmic,
        "title": info.name,
        "datasetTitle": info.dataset_label,
        "moreInfo": "",
        "copyright": info.attribution or "",
    }
    if assets.depth is not None and assets.depth.values:
        axis = ElevationAxis.of(assets.depth)
        details["zaxis"] = {
            "units": axis.symbol or axis.units,
            "positive": axis.positive == "up",
            "values": list(axis.values),
        }
    if assets.steps is not None and assets.steps.dated:
        dates = date_steps(assets.steps)
        details |= {
            "timeAxisUnits": "ISO8601",
            "datesWithData": _list_days(dates),
            "nearestTimeIso": format_steps(dates.take([_find_nearest(dates, target)]))[0],
        }
    return details


def _list_days(dates: DateScale) -> dict[str, dict[str, list[int]]]:
    """Return the days with time steps: by year, by month from 0."""
    months, days, _ = split_dates(dates.seconds, dates.calendar)
    years: dict[str, dict[str, list[int]]] = {}
    for month, day in np.unique(np.stack([months, days], axis=1), axis=0).tolist():
        years.setdefault(str(month // 12), {}).setdefault(str(month % 12), []).append(day)
    return years


def _find_nearest(dates: DateScale, target: str) -> int:
    if not target:
        return -1
    return int(np.abs(dates.seconds - _parse_day(target, dates)[0]).argmin())


def _parse_day(text: str, dates: DateScale) -> tuple[int, int]:
    try:
        first, last = parse_iso_period(text, dates.calendar)[:2]
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("TIME {text!r} is no time", text=text[:80], field="time") from error
    return first, last


def list_clock_times(assets: Assets, day: str) -> list[str]:
    """Return the time steps of a day, without the day."""
    if assets.steps is None or not assets.steps.dated:
        return []
    dates = date_steps(assets.steps)
    first, last = _parse_day(day, dates)
    low, high = np.searchsorted(dates.seconds, first), np.searchsorted(dates.seconds, last, side="right")
    return [text.partition("T")[2].replace("Z", ".000Z") for text in format_steps(dates.take(slice(low, high)))]
