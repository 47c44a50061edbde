"""Profiles at stations: their queries, requests and numbers, and what their figures and tables say."""

from collections.abc import Iterable, Sequence
from copy import copy

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, PointsRequest
from ocean_core.errors import InvalidRequest, NotSupported
from ocean_core.units import unit_conversion
from ocean_plotting.export.table import Column, Rows
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.query import StationQuery, Time, parse_stations


class StationProfileQuery(StationQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots over depth at stations."""

    time: Time = -1


class Profile:
    """One variable at every station of a coverage: the one of ``key``, or the first.

    Attributes
    ----------
    info : VariableInfo
        Name, units and so on.
    places : list of (latitude, longitude)
        Degrees, one a station.
    values, depths : ndarray of float, shape (level, station)
        In the variable's units, NaN where there is nothing; and m, positive down, true ones where levels follow the
        sea floor.
    has_depths : bool
        Whether depths are known, or not needed.
    """

    def __init__(self, coverage: Coverage, key: str | None = None) -> None:
        reader = CoverageReader(coverage)
        self.info = reader.info(key) if key else reader.variables[0]
        self.places = reader.places
        # Variables with levels of their own have them along `depth_2` and so on.
        level = next((name for name in reader.dims(self.info.key) if name.startswith("depth")), "depth")
        self.values: Floats = reader.field(self.info.key, level, "point", "time")[..., 0]
        self.has_depths = reader.has(level) or len(self.values) == 1
        depths = np.zeros((1, 1, 1))
        if reader.has(level) and level in reader.dims(self.info.key):
            depths = reader.coordinate(level, level, "point", "time")
        self.depths: Floats = np.broadcast_to(depths[..., 0], self.values.shape)

    def at_station(self, station: int) -> tuple[Floats, Floats]:
        """Return depths (m) at which a station has values, and the values: (n,) each, downwards."""
        depth, value = np.nan_to_num(self.depths[:, station]), self.values[:, station]
        order = np.argsort(depth, kind="stable")
        order = order[~np.isnan(value[order])]
        return depth[order], value[order]

    def with_values(self, info: VariableInfo, values: Floats) -> "Profile":
        """Return another quantity (level, station) at the same places and depths."""
        profile = copy(self)
        profile.info, profile.values = info, values
        return profile

    @property
    def deepest(self) -> float:
        """Greatest depth (m) at which any station has a value."""
        depths = np.where(np.isnan(self.values), 0.0, self.depths)
        return float(np.nan_to_num(depths).max(initial=0.0))

    def convert_units(self, units: str, field: str) -> None:
        """Convert the values to other units.

        Raises
        ------
        InvalidRequest
            They cannot be converted; ``field`` of the query asked for it.
        """
        factors = unit_conversion(self.info.units, units)
        if factors is None:
            raise InvalidRequest(
                "{key} is in {value} and cannot be compared with values in {second_value}",
                key=self.info.key,
                value=self.info.units or "1",
                second_value=units or "1",
                field=field,
            )
        if factors != (1.0, 0.0):
            self.values = self.values * factors[0] + factors[1]
        self.info = replace(self.info, units=units)


def subtract_profiles(first: Profile, second: Profile, station: int) -> tuple[Floats, Floats]:
    """Subtract the second profile from the first at a station, where both have values.

    Returns
    -------
    depths, values : ndarray of float, shape (n,)
        At the depths (m) of ``first``; ``second`` is linear between its own.
    """
    depth, value = first.at_station(station)
    second_depth, second_value = second.at_station(station)
    if not depth.size or not second_depth.size:
        return np.empty(0), np.empty(0)
    difference = value - np.interp(depth, second_depth, second_value, left=np.nan, right=np.nan)
    finite = np.isfinite(difference)
    return depth[finite], difference[finite]


def make_profile_request(query: StationProfileQuery, variables: list[str]) -> PointsRequest:
    """Request whole columns of variables at all stations at once."""
    return PointsRequest(
        dataset=query.dataset,
        variables=variables,
        points=parse_stations(query.station),
        time=str(query.time),
        depth="all",
        form="points",
        **query.search_options(),
    )


def check_depths(profiles: Iterable[Profile], field: str) -> None:
    """Refuse levels without a depth in m, which cannot be drawn over depth.

    Raises
    ------
    NotSupported
        A profile has such; ``field`` of the query asked for it.
    """
    for profile in profiles:
        if not profile.has_depths:
            raise NotSupported(
                "the levels of {key} have no depth in m: the data service has their values level by level",
                key=profile.info.key,
                field=field,
            )


def format_source(info: VariableInfo, time: str, quantum: str | None, context: DrawContext) -> str:
    """Return name of the dataset, and time."""
    return join_parts(
        info.dataset_name or info.dataset, context.labels.time(time, quantum or info.quantum) if time else ""
    )


def join_credits(infos: Sequence[VariableInfo]) -> str:
    """Join the attributions of datasets."""
    return " / ".join(dict.fromkeys(info.attribution or info.dataset_name or info.dataset for info in infos))


def describe_profile(profile: Profile, context: DrawContext) -> str:
    """Describe the range and the greatest depth of a variable in a sentence (for alternative texts)."""
    labels, name = context.labels, context.labels.variable_name(profile.info)
    finite = profile.values[~np.isnan(profile.values)]
    if not finite.size:
        return context.translate("{name}: no data at these stations.", name=name)
    return context.translate(
        "{name} from {low} to {high}, down to {depth}.",
        name=name,
        low=labels.number(float(finite.min())),
        high=labels.value(float(finite.max()), profile.info.units),
        depth=labels.value(profile.deepest, "m", 0),
    )


def describe_range(name: str, values: Floats, units: str, context: DrawContext) -> str:
    """Describe the minimum and maximum of values in a sentence (for alternative texts)."""
    labels, finite = context.labels, values[np.isfinite(values)]
    if not finite.size:
        return context.translate("{name}: no data at these stations.", name=name)
    low, high = labels.number(float(finite.min())), labels.value(float(finite.max()), units)
    return context.translate("{name} from {low} to {high}.", name=name, low=low, high=high)


def make_station_columns(
    query: StationQuery, rows: Rows, stations: Sequence[int], time: str, context: DrawContext
) -> list[Column]:
    """Return the columns before the values, of rows that begin with latitude, longitude and depth."""
    translate, names = context.translate, query.names or []
    station_names = [(names[number] if number < len(names) else None) or f"{number + 1}" for number in stations]
    return [
        Column(name=translate("Station"), role="station", values=station_names, context=True),
        Column(name=translate("Time"), role="time", values=[time] * len(station_names), context=True),
        Column(name=translate("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=translate("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=translate("Depth"), role="depth", units="m", values=rows.column(2)),
    ]


def make_profile_header(infos: Sequence[VariableInfo], time: str, context: DrawContext) -> list[tuple[str, str]]:
    """Return the header of a table of profiles."""
    translate = context.translate
    datasets = dict.fromkeys(info.dataset_name or info.dataset for info in infos)
    return [
        (translate("Dataset"), " / ".join(datasets)),
        (translate("Attribution"), join_credits(infos)),
        (translate("Timestamp"), time),
    ]
