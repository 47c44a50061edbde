"""Capabilities of the Web Map Service: which layers there are, where, when and at which levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlencode

from markupsafe import Markup

from ocean_common.contracts.data import MAX_MAP_SIDE
from ocean_common.contracts.metadata import DatasetLayers, LayerTimes, MapDataset
from ocean_common.i18n import Translator
from ocean_core.projections import MAP_PROJECTIONS, WORLD, Box
from ocean_plotting import __version__
from ocean_plotting.figure.legends import LEGEND_DPI, LEGEND_SIZE
from ocean_plotting.templates import load_template
from ocean_plotting.tiles.legends import sorted_colormaps
from ocean_plotting.wms.animation import ANIMATION_FORMATS
from ocean_plotting.wms.dimensions import ElevationAxis
from ocean_plotting.wms.parameters import INFO_FORMATS, MAP_FORMATS, MAX_LAYERS, STYLE, Version

MEDIA_TYPES: dict[Version, str] = {"1.3.0": "text/xml", "1.1.1": "application/vnd.ogc.wms_xml"}
FEWEST_OF_INTERVAL = 3  # time steps: fewer are listed one by one
MAX_WITH_BOXES = 500  # layers of a dataset: of more, boxes are inherited from the dataset where they are the same
LEGEND_PIXELS = tuple(round(side * LEGEND_DPI) for side in LEGEND_SIZE)


@dataclass(frozen=True, kw_only=True)
class DimensionText:
    """Dimension of a layer, as capabilities write it."""

    name: str
    units: str
    symbol: str
    default: str
    values: str
    nearest: bool  # whether values beside these are answered with the nearest
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class LayerText:
    """Layer, as capabilities write it."""

    name: str
    title: str
    abstract: str
    keywords: list[str]
    extent: Markup  # its boxes
    dimensions: list[DimensionText]
    attribution: str
    legend: str  # address


@dataclass(frozen=True, kw_only=True)
class DatasetText:
    """Dataset, as capabilities write it; without layers it tells where its own capabilities are."""

    title: str
    abstract: str
    capabilities: str  # address
    extent: Markup
    layers: list[LayerText]


def write_intervals(times: LayerTimes) -> str:
    """Write time steps: instants, and start/end/period where they are regular."""
    texts = []
    for run in times.intervals:
        if run.step and run.count >= FEWEST_OF_INTERVAL:
            texts.append(f"{run.start}/{run.end}/{run.step}")
        else:
            texts += [run.start, run.end] if run.count > 1 else [run.start]
    return ",".join(texts)


def describe_times(times: LayerTimes) -> DimensionText:
    """Return the dimension of time steps."""
    values = write_intervals(times)
    return DimensionText(
        name="time", units="ISO8601", symbol="", default=times.last, values=values, nearest=False, current=True
    )


def describe_axis(axis: ElevationAxis) -> DimensionText:
    """Return the dimension of levels."""
    values = [axis.format(level) for level in range(len(axis.values))]
    return DimensionText(
        name="elevation",
        units=axis.units,
        symbol=axis.symbol,
        default=values[0],
        values=",".join(values),
        nearest=True,
    )


@cache
def write_extent(bounds: Box | None, version: Version) -> Markup:
    """Write the boxes of a layer: in degrees, and on the plane of each projection that shows it."""
    west, south, east, north = bounds or WORLD
    if west > east or east > 180.0 or west < -180.0:  # across the date line
        west, east = (-180.0, 180.0)
    south, north = max(south, -90.0), min(north, 90.0)
    boxes = []
    for projection in MAP_PROJECTIONS.values():
        box = projection.cover((west, south, east, north))
        if box is None or (version == "1.1.1" and projection.code == "CRS:84"):
            continue
        left, bottom, right, top = box
        if version == "1.3.0" and projection.north_first:
            left, bottom, right, top = bottom, left, top, right
        boxes.append((projection.code, f"{left:.9g}", f"{bottom:.9g}", f"{right:.9g}", f"{top:.9g}"))
    degrees = [f"{number:.9g}" for number in (west, south, east, north)]
    text = load_template(__package__, "extent.xml.jinja").render(version=version, degrees=degrees, boxes=boxes)
    return Markup(text)  # noqa: S704  of our template


def describe_layers(record: DatasetLayers, address: str, version: Version, translate: Translator) -> DatasetText:
    """Return a dataset with all its layers; ``address``: of the service."""
    times = [describe_times(item) if item else None for item in record.times]
    axes = [describe_axis(ElevationAxis.of(axis)) if axis.values else None for axis in record.depths]
    whole, is_long = _join_bounds([layer.bounds for layer in record.layers]), len(record.layers) > MAX_WITH_BOXES
    layers = []
    for layer in record.layers:
        info = translate.describe(layer.variable)
        name = f"{info.dataset}/{info.key}"
        chosen = (
            times[layer.time] if layer.time is not None else None,
            axes[layer.depth] if layer.depth is not None else None,
        )
        legend = {"SERVICE": "WMS", "VERSION": version, "REQUEST": "GetLegendGraphic", "LAYER": name}
        layers.append(
            LayerText(
                name=name,
                title=f"{info.name} ({info.units})" if info.units not in {"", "1"} else info.name,
                abstract=info.long_name or "",
                keywords=[info.standard_name] if info.standard_name else [],
                extent=Markup() if is_long and layer.bounds == whole else write_extent(layer.bounds, version),
                dimensions=[dimension for dimension in chosen if dimension],
                attribution=info.attribution or "",
                legend=f"{address}?{urlencode(legend | {'FORMAT': 'image/png'}, quote_via=quote)}",
            )
        )
    return DatasetText(
        title=record.name,
        abstract=record.help or "",
        capabilities=_capabilities_address(address, record.dataset, version),
        extent=write_extent(whole, version),
        layers=layers,
    )


def describe_dataset(record: MapDataset, address: str, version: Version) -> DatasetText:
    """Return a dataset without its layers."""
    return DatasetText(
        title=record.value,
        abstract=record.help or "",
        capabilities=_capabilities_address(address, record.id, version),
        extent=write_extent(record.bounds, version),
        layers=[],
    )


def _join_bounds(bounds: Sequence[Box | None]) -> Box | None:
    """Return the box around boxes; None, the Earth, where one of them is not known or crosses the date line."""
    boxes = [box for box in bounds if box is not None and box[0] <= box[2]]
    if not boxes or len(boxes) < len(bounds):
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _capabilities_address(address: str, dataset: str, version: Version) -> str:
    base = address.rpartition("/wms")[0]
    query = urlencode({"SERVICE": "WMS", "VERSION": version, "REQUEST": "GetCapabilities"})
    return f"{base}/wms/{quote(dataset, safe='')}?{query}"


def write_capabilities(
    datasets: Sequence[DatasetText], title: str, address: str, version: Version, translate: Translator
) -> bytes:
    """Write the document; ``title``: of the service."""
    text = load_template(__package__, "capabilities.xml.jinja").render(
        version=version,
        datasets=datasets,
        title=title,
        abstract=translate("Maps of ocean models: any box, time step and level, in many projections."),
        address=address,
        software=f"Ocean Navigator {__version__}",
        codes=[code for code in MAP_PROJECTIONS if version == "1.3.0" or code != "CRS:84"],
        extent=write_extent(None, version),
        palettes=[(f"{STYLE}/{item.id}", item.value) for item in sorted_colormaps(translate)],
        default_title=translate("Default for Variable"),
        legend_width=LEGEND_PIXELS[0],
        legend_height=LEGEND_PIXELS[1],
        formats=(*MAP_FORMATS, *ANIMATION_FORMATS),
        info_formats=INFO_FORMATS,
        media_type=MEDIA_TYPES[version],
        max_layers=MAX_LAYERS,
        max_side=MAX_MAP_SIDE,
    )  # fmt: skip
    return text.encode()
