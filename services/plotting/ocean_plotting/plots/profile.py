"""Profiles: variables over depth, at one time, at several stations."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.data import Profile, Profiles, ProfilesAsked
from ocean_common.errors import NotSupported
from ocean_plotting.domain import labels
from ocean_plotting.domain.ports import Land
from ocean_plotting.domain.table import Table
from ocean_plotting.figures import axes as axis
from ocean_plotting.figures import stations
from ocean_plotting.figures.picture import About, Picture, Sizes, frame
from ocean_plotting.plots.asked import Common, Range, Station, named_as_asked, positions, ranges

if TYPE_CHECKING:  # a worker process needs no HTTP
    from ocean_common.clients.data import Numbers
    from ocean_common.clients.metadata import Catalogue

PANELS = 3  # in a row


class ProfileQuery(Common, frozen=True, kw_only=True):
    """What a profile plot is asked for."""

    station: Annotated[
        list[Station], msgspec.Meta(min_length=1, description="points [latitude, longitude]", examples=[[[73.0, 20.0]]])
    ]
    names: Annotated[list[str | None] | None, msgspec.Meta(description="names of the stations; null: generated")] = None
    variable_range: Annotated[
        list[Range | None] | None, msgspec.Meta(description="[min, max] of each variable's axis; null: by the values")
    ] = None
    showmap: Annotated[bool | int | None, msgspec.Meta(description="draw a map of the stations")] = True


Query = ProfileQuery  # the name that every kind has; the document names it by what it is


async def fetch(numbers: "Numbers", _: "Catalogue", query: Query) -> Profiles:
    """Ask for all variables at all stations at once."""
    variables, points = query.variables(), positions(query.station)
    ranges(query.variable_range, len(variables))
    asked = ProfilesAsked(
        dataset=query.dataset,
        variables=variables,
        points=points,
        time=str(query.time),
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )
    with named_as_asked():
        fetched = await numbers.profiles(asked)
    for one in fetched.profiles:
        if one.depths.shape[1] > 1 and np.isnan(values(one.depths)).all():
            raise NotSupported(
                f"the levels of {one.variable.key} have no depth in m yet (sigma or numbered levels): their plot comes "
                "with a later version; the data service has the values level by level",
                field="$.variable",
            )
    return fetched


def draw(query: Query, fetched: Profiles, land: Land, size: tuple[float, float] = (15, 9)) -> Picture:
    """Draw a panel for each variable, every station in each, and beside them where the stations are."""
    figure, sizes = Figure(figsize=size), Sizes.on(*size)
    first = fetched.profiles[0].variable
    names = [one.variable.name for one in fetched.profiles]
    when = labels.instant(fetched.time, query.quantum or first.quantum)
    marked = _stations(query, fetched)
    where = f"profiles at {len(marked)} stations" if len(marked) > 1 else f"profile at {marked[0].label}"
    title = query.plotTitle or f"{labels.listing(names)} {where}"
    source = first.dataset_name or first.dataset
    frame(figure, title, f"{source}  ·  {when}", first.attribution or source, sizes)
    explain = bool(query.showmap) or len(marked) > 1 or not all(one.data for one in marked)
    side = explain and size[0] >= stations.ROOM[0] and size[1] >= stations.ROOM[1]
    panels, beside = _panels(figure, len(names), side=side)
    limits = ranges(query.variable_range, len(names))
    deepest = max(map(_deepest, fetched.profiles))
    for position, (panel, profile, limit) in enumerate(zip(panels, fetched.profiles, limits, strict=True)):
        # The same depths in every panel, but for variables of the surface alone.
        axis.depth_down(panel, deepest if _deepest(profile) > 0 else 0.0, sizes, named=position % PANELS == 0)
        _panel(panel, profile, marked, limit, sizes)
    if side:
        stations.show(figure, beside, marked, land if query.showmap else None, sizes)
    about = About.of(
        title=f"{title} ({source})",
        description=f"{title}; {when}; {'; '.join(one.label for one in marked)}",
        source=f"{first.attribution or source}; dataset {first.dataset}, revision {fetched.revision}",
    )
    return Picture(figure=figure, about=about)


def table(_: Query, fetched: Profiles) -> Table:
    """Put every station and depth that has a value in a row."""
    first = fetched.profiles[0].variable
    rows: list[tuple[float | str, ...]] = []
    for station, place in enumerate(fetched.points):
        columns = [dict(zip(*_wet(profile, station), strict=True)) for profile in fetched.profiles]
        depths = sorted(set().union(*columns))
        rows += [(*place, depth, *(column.get(depth, np.nan) for column in columns)) for depth in depths]
    header = [
        ("Dataset", first.dataset_name or first.dataset),
        ("Attribution", first.attribution or ""),
        ("Timestamp", fetched.time),
    ]
    names = [labels.quantity(one.variable.name, one.variable.units) for one in fetched.profiles]
    return Table(header=header, columns=["Latitude", "Longitude", "Depth (m)", *names], rows=rows)


def values(array: Array) -> NDArray[np.float64]:
    """Read an array that crossed the border, shape (point, depth)."""
    return np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape).astype(np.float64)


def _wet(profile: Profile, station: int) -> tuple[list[float], list[float]]:
    """Depths (m) at which a station has values, and the values."""
    depth, value = values(profile.depths)[station], values(profile.values)[station]
    there = ~np.isnan(value)
    return np.where(np.isnan(depth), 0.0, depth)[there].tolist(), value[there].tolist()


def _stations(query: Query, fetched: Profiles) -> list[stations.Marked]:
    given = query.names or []
    marked = []
    for position, where in enumerate(fetched.points):
        name = given[position] if position < len(given) else None
        there = any(_wet(profile, position)[0] for profile in fetched.profiles)
        marked.append(stations.Marked(place=where, name=name, number=position, data=there))
    return marked


def _panels(figure: Figure, number: int, *, side: bool) -> tuple[list[Axes], SubplotSpec]:
    """Room for the variables, and beside them for the stations."""
    across = min(number, PANELS)
    down = -(-number // across)
    widths = [1.0] * across + ([stations.share(across)] if side else [])
    grid = figure.add_gridspec(down, len(widths), width_ratios=widths)
    panels = [figure.add_subplot(grid[position // across, position % across]) for position in range(number)]
    return panels, grid[:, -1]


def _panel(
    panel: Axes, profile: Profile, marked: list[stations.Marked], limit: tuple[float, float] | None, sizes: Sizes
) -> None:
    found = False
    for station in marked:
        depth, value = _wet(profile, station.number)
        if depth:
            panel.plot(value, depth, **station.style(sizes, markers=len(depth) <= axis.FEW_LEVELS))
            found = True
    axis.quantity(panel, labels.quantity(profile.variable.name, profile.variable.units), limit, sizes)
    if not found:
        axis.nothing(panel, "no data at these stations", sizes)


def _deepest(profile: Profile) -> float:
    """Greatest depth (m) at which any station has a value."""
    depths = np.where(np.isnan(values(profile.values)), 0.0, values(profile.depths))
    return float(np.nan_to_num(depths).max(initial=0.0))
