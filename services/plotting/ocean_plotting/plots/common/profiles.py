"""Profiles at stations: queries, requests and numbers, those of sea water too, and what their plots have in common."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from matplotlib.axes import Axes
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, PointsRequest
from ocean_core.errors import InvalidRequest, Message, NotSupported
from ocean_core.seawater import (
    CELSIUS,
    SALINITIES,
    SOUND_SPEED,
    TEMPERATURES,
    SeaWater,
    to_celsius,
    to_grams_per_kilogram,
)
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_header, make_place_columns, make_value_column
from ocean_plotting.figure.axes import FEW_LEVELS, draw_profile_line
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.stations import StationMark, add_depth_panels, mark_stations
from ocean_plotting.plots.common.coverage import PRESSURE_UNITS, CoverageReader, Floats
from ocean_plotting.plots.common.query import StationQuery, Time, map_error_fields, parse_stations
from ocean_plotting.plots.kind import Data, Plot, PlotData, Services

Indices = NDArray[np.intp]


class StationProfileQuery(StationQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots over depth at stations."""

    time: Time = -1


DepthQuery = TypeVar("DepthQuery", bound=StationProfileQuery)


class Profile:
    """One variable at every station of a coverage: the one of ``key``, or the first.

    Attributes
    ----------
    values, depths : ndarray of float, shape (level, station)
        In the variable's units, NaN where there is nothing; and m, positive down, true ones where levels follow the
        sea floor; or pressures in dbar.
    level_units : str
        Of the depths: m or dbar.
    """

    def __init__(self, coverage: Coverage, key: str | None = None) -> None:
        reader = CoverageReader(coverage)
        self.info = reader.info(key) if key else reader.variables[0]
        self.places = reader.places
        # Variables with levels of their own have them along `depth_2` and so on.
        level = next((name for name in reader.dims(self.info.key) if name.startswith("depth")), "depth")
        self.values: Floats = reader.field(self.info.key, level, "point", "time")[..., 0]
        self.has_depths = reader.has(level) or len(self.values) == 1  # depths are known, or not needed
        depths, self.level_units = np.zeros((1, 1, 1)), "m"
        if level in reader.dims(self.info.key):
            known, self.level_units = reader.depths(level, level, "point", "time")
            depths = known if known.size else depths
        self.depths: Floats = np.broadcast_to(depths[..., 0], self.values.shape)

    def at_station(self, station: int) -> tuple[Floats, Floats]:
        """Return depths (m) at which a station has values, and the values: (n,) each, downwards."""
        depth, value = self.depths[:, station], self.values[:, station]
        order = np.argsort(depth, kind="stable")
        order = order[np.isfinite(value[order]) & np.isfinite(depth[order])]
        return depth[order], value[order]

    def with_values(self, info: VariableInfo, values: Floats) -> "Profile":
        """Return another quantity (level, station) at the same places and depths."""
        profile = copy(self)
        profile.info, profile.values = info, values
        return profile

    @property
    def deepest(self) -> float:
        return float(self._known_depths.max(initial=0.0))

    @property
    def top(self) -> float:
        """Depth of the highest value, m: 0, or negative where the water reaches above the datum."""
        return float(self._known_depths.min(initial=0.0))

    @property
    def _known_depths(self) -> Floats:
        return self.depths[np.isfinite(self.values) & np.isfinite(self.depths)]


def subtract_profiles(profiles: Sequence[Profile], station: int) -> tuple[Floats, Floats]:
    """Subtract the second of two, linear between its depths, from the first at a station, where both have values.

    Returns
    -------
    depths, values : ndarray of float, shape (n,)
        At the depths (m) of ``first``.
    """
    (depth, value), (second_depth, second_value) = (profile.at_station(station) for profile in profiles)
    if not depth.size or not second_depth.size:
        return np.empty(0), np.empty(0)
    difference = value - np.interp(depth, second_depth, second_value, left=np.nan, right=np.nan)
    finite = np.isfinite(difference)
    return depth[finite], difference[finite]


def make_profile_request(query: StationProfileQuery, variables: list[str]) -> PointsRequest:
    """Request whole columns of variables at all stations at once."""
    return query.request_points(variables, parse_stations(query.station), time=str(query.time), depth="all")


def check_depths(profiles: Iterable[Profile], field: str, *, allow_pressure: bool = False) -> None:
    """Refuse levels without a depth in m, which cannot be drawn over depth; ``field`` of the query asked for it."""
    for profile in profiles:
        if not (profile.has_depths or (allow_pressure and profile.level_units == PRESSURE_UNITS)):
            raise NotSupported(
                "the levels of {key} have no depth in m: the data service has their values level by level",
                key=profile.info.key,
                field=field,
            )


class DepthPlot(Plot[DepthQuery, Data]):
    """Plot of profiles at stations, with a map of these."""

    profiles: list[Profile]  # that decide the places, the datasets and the units of the levels

    def prepare(self) -> None:
        self.info, places = self.profiles[0].info, self.profiles[0].places
        self.dataset, self.subtitle = self.info.dataset, self.format_source(self.info, self.data.time)
        self.credit = self.labels.credit(*(profile.info for profile in self.profiles))
        # Variables of the surface have no units of levels of their own.
        self.level_units = max(self.profiles, key=lambda profile: profile.deepest).level_units
        self.stations = mark_stations(places, self.query.names, list(map(self.has_data, range(len(places)))))

    def has_data(self, station: int) -> bool:
        return any(profile.at_station(station)[0].size for profile in self.profiles)

    def format_source(self, info: VariableInfo, time: str) -> str:
        """Return name of the dataset, and time."""
        when = self.labels.time(time, TimePrecision.of(info, self.query.quantum)) if time else ""
        return join_parts(self.labels.dataset_name(info), when)

    def add_panels(self, number: int) -> list[Axes]:
        return add_depth_panels(self.figure, number, self.stations, self.context, show_map=self.show_map)

    def draw_line(
        self, panel: Axes, station: StationMark, x: Floats, y: Floats, *, steps: bool = False, **style: Any
    ) -> None:
        """Draw the line of a station, few of its values marked one by one; ``steps``: they stand for categories."""
        if x.size:
            style = station.style(self.sizes, markers=len(x) <= FEW_LEVELS) | style
            draw_profile_line(panel, x, y, style, steps=steps)

    def describe_profile(self, profile: Profile) -> str:
        """Describe the range and the greatest depth, below 0, of a variable in a sentence."""
        deepest = self.labels.value(profile.deepest, profile.level_units, 0) if profile.deepest else ""
        name = self.labels.variable_name(profile.info)
        if profile.info.is_discrete and np.isfinite(profile.values).any():
            return self.labels.list_categories(name, profile.info, profile.values)
        return self.describe_range(name, profile.values, profile.info.units, deepest=deepest)

    def describe_range(self, name: str, values: Floats, units: str, *, deepest: str = "") -> str:
        """Describe minimum and maximum of values, perhaps with the greatest depth, in a sentence."""
        if not np.isfinite(values).any():
            return self.translate("{name}: no data at these stations.", name=name)
        texts = self.labels.range(values, units)
        if not deepest:
            return self.translate("{name} from {low} to {high}.", name=name, **texts)
        return self.translate("{name} from {low} to {high}, down to {depth}.", name=name, depth=deepest, **texts)

    def fill_table(
        self, stations: Sequence[int] | Indices, depths: Sequence[float] | Floats, values: list[Column]
    ) -> Table:
        """Return a table of values in rows, each at a station (its number) and a depth (m)."""
        numbers, names = np.asarray(stations, dtype=np.intp), dict(enumerate(self.query.names or []))
        latitude, longitude = np.array(self.profiles[0].places, dtype=float)[numbers].T
        columns = make_place_columns(
            self.translate,
            context=("station", "time"),
            station=[names.get(number) or f"{number + 1}" for number in numbers.tolist()],
            time=[self.data.time] * len(numbers),
            latitude=latitude,
            longitude=longitude,
            depth=np.asarray(depths, dtype=float),
            level_units=self.level_units,
        )
        datasets = " / ".join(dict.fromkeys(self.labels.dataset_name(profile.info) for profile in self.profiles))
        header = make_header(self.translate, datasets, self.credit, self.data.time)
        return Table(header=header, columns=[*columns, *values])


class WaterData(PlotData, frozen=True, kw_only=True):
    """Temperature, salinity and sound speed at every station, on the same levels."""

    coverage: Coverage
    temperature: str | None  # keys
    salinity: str | None
    sound: str | None


class WaterPlot(DepthPlot[DepthQuery, WaterData]):
    """Plot of the water at stations; arrays are (level, station)."""

    @cached_property
    def temperature(self) -> Profile:
        return Profile(self.data.coverage, self.data.temperature)

    @cached_property
    def salinity(self) -> Profile:
        return Profile(self.data.coverage, self.data.salinity)

    @cached_property
    def sound(self) -> Profile:
        """Sound speed: the dataset's own, or computed from temperature and salinity."""
        if self.data.sound:
            return Profile(self.data.coverage, self.data.sound)
        info = replace(self.temperature.info, standard_name=SOUND_SPEED, units="m s-1", zero_centered=False)
        return self.temperature.with_values(info, self.water.sound_speed)

    @cached_property
    def water(self) -> SeaWater:
        temperature, salinity = self.temperature, self.salinity
        latitude, longitude = np.array(temperature.places, dtype=float).T
        return SeaWater(
            temperature=to_celsius(temperature.values, temperature.info.units),
            salinity=to_grams_per_kilogram(salinity.values, salinity.info.units),
            depth=temperature.depths,
            latitude=latitude,
            longitude=longitude,
            temperature_kind=TEMPERATURES.get(temperature.info.standard_name or "", "potential"),
            salinity_kind=SALINITIES.get(salinity.info.standard_name or "", "practical"),
        )

    def make_columns(self, profiles: Sequence[Profile], levels: Indices, stations: Indices) -> list[Column]:
        """Return the columns of variables at some levels of some stations."""
        return [make_value_column(self.labels, profile.info, profile.values[levels, stations]) for profile in profiles]


def find_temperature(variables: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the temperature of the water: by its standard name, else by a key like `votemper`."""
    candidates = [info for info in variables if unit_conversion(info.units or CELSIUS, CELSIUS)]
    return _find_variable(candidates, TEMPERATURES, lambda key: "temp" in key or key.startswith("thetao"))


def find_salinity(variables: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the salinity: by its standard name, else by a key like `vosaline`."""
    return _find_variable(variables, SALINITIES, lambda key: "sal" in key or key == "so")


def _find_variable(
    variables: Sequence[VariableInfo], standard_names: Iterable[str], fits: Callable[[str], bool]
) -> VariableInfo | None:
    """Find a variable with levels by standard names, the best first, else one without any by its key."""
    candidates = [info for info in variables if not info.two_dimensional]
    by_name = (info for name in standard_names for info in candidates if info.standard_name == name)
    by_key = (info for info in candidates if info.standard_name is None and fits(info.key.lower()))
    return next(chain(by_name, by_key), None)


async def fetch_water(services: Services, query: StationProfileQuery, _: Output, *, sound: bool = False) -> WaterData:
    """Find the variables and request them all at once, so that they are on the same levels.

    ``sound``: the sound speed too, where the dataset has it; else it is computed from the others.
    """
    variables = await services.metadata.variables(query.dataset)
    temperature, salinity = find_temperature(variables), find_salinity(variables)
    sound_speed = _find_variable(variables, [SOUND_SPEED], lambda _: False) if sound else None
    if not (sound_speed or (temperature and salinity)):
        missing = Message("neither temperature nor salinity")
        if temperature or salinity:
            missing = Message("no salinity") if temperature else Message("no temperature")
        raise InvalidRequest(
            "{dataset} has {missing} over depth, which this plot is made of",
            dataset=query.dataset,
            missing=missing,
            field="$.dataset",
        )
    keys = [info.key for info in (temperature, salinity, sound_speed) if info]
    with map_error_fields():
        coverage = await services.data.extract(make_profile_request(query, keys))
    check_depths([Profile(coverage)], "$.dataset")
    return WaterData(
        time=CoverageReader(coverage).time,
        revisions={query.dataset: coverage.revision},
        coverage=coverage,
        temperature=temperature.key if temperature else None,
        salinity=salinity.key if salinity else None,
        sound=sound_speed.key if sound_speed else None,
    )
