"""What the kinds share that look down the water at stations."""

from collections.abc import Iterable, Sequence

import numpy as np

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage, PointsRequest
from ocean_common.errors import NotSupported
from ocean_plotting.figure.context import Sheet
from ocean_plotting.plots.profile_columns import Floats, Profile
from ocean_plotting.plots.query_common import AtStations, Time, positions
from ocean_plotting.plots.table import Column, Rows

DOT = "  ·  "  # between a dataset and a time


class OverDepth(AtStations, frozen=True, kw_only=True):
    """Options of these kinds."""

    time: Time = -1


def asked_over_depth(query: OverDepth, variables: list[str]) -> PointsRequest:
    """Whole columns at all stations at once."""
    return PointsRequest(
        dataset=query.dataset,
        variables=variables,
        points=positions(query.station),
        time=str(query.time),
        depth="all",
        form="points",
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )


def refuse_unknown_depths(coverages: Iterable[Coverage], field: str) -> None:
    """Levels without a depth in m cannot be drawn over depth.

    Raises
    ------
    NotSupported
        A coverage has such; ``field`` of the query asked for it.
    """
    for one in map(Profile, coverages):
        if not one.levels:
            raise NotSupported(
                "the levels of {key} have no depth in m: the data service has their values level by level",
                key=one.info.key,
                field=field,
            )


def source(info: VariableInfo, time: str, quantum: str | None, sheet: Sheet) -> str:
    """Whose numbers, and of when."""
    name = info.dataset_name or info.dataset
    return f"{name}{DOT}{sheet.words.instant(time, quantum or info.quantum)}" if time else name


def told(profile: Profile, sheet: Sheet) -> str:
    """A variable in words: from where to where its values go, and how deep."""
    translate, words, name = sheet.translate, sheet.words, sheet.words.name(profile.info)
    low, high = profile.extremes
    if low is None or high is None:
        return translate("{name}: no data at these stations.", name=name)
    return translate(
        "{name} from {low} to {high}, down to {depth}.",
        name=name,
        low=words.number(low),
        high=words.value(high, profile.info.units),
        depth=words.value(profile.deepest, "m", 0),
    )


def told_range(name: str, values: Floats, units: str, sheet: Sheet) -> str:
    """Values in words: from where to where they go."""
    translate, words, there = sheet.translate, sheet.words, values[np.isfinite(values)]
    if not there.size:
        return translate("{name}: no data at these stations.", name=name)
    low, high = words.number(float(there.min())), words.value(float(there.max()), units)
    return translate("{name} from {low} to {high}.", name=name, low=low, high=high)


def table_columns(query: AtStations, rows: Rows, stations: Sequence[int], time: str, sheet: Sheet) -> list[Column]:
    """The columns before the values, of rows that begin with latitude, longitude and depth."""
    translate, names = sheet.translate, query.names or []
    named = [(names[one] if one < len(names) else None) or f"{one + 1}" for one in stations]
    return [
        Column(name=translate("Station"), role="station", values=named, context=True),
        Column(name=translate("Time"), role="time", values=[time] * len(named), context=True),
        Column(name=translate("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=translate("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=translate("Depth"), role="depth", units="m", values=rows.column(2)),
    ]


def header(infos: Sequence[VariableInfo], time: str, sheet: Sheet) -> list[tuple[str, str]]:
    """What is told before a table."""
    translate = sheet.translate
    datasets = dict.fromkeys(one.dataset_name or one.dataset for one in infos)
    return [
        (translate("Dataset"), " / ".join(datasets)),
        (translate("Attribution"), credits_of(infos)),
        (translate("Timestamp"), time),
    ]


def credits_of(infos: Sequence[VariableInfo]) -> str:
    """Who made the data."""
    return " / ".join(dict.fromkeys(one.attribution or one.dataset_name or one.dataset for one in infos))
