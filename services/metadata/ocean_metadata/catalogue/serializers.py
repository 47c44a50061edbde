"""Datasets, variables and time steps as clients and other services get them, in their language."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import msgspec
import numpy as np
from babel.dates import get_month_names

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import (
    Assets,
    DatasetFiles,
    DepthAxis,
    File,
    FileGroup,
    LandMask,
    Levels,
    MixedVariable,
    Steps,
    VariableInfo,
)
from ocean_common.contracts.metadata import (
    DatasetLayer,
    DatasetLayers,
    DatasetNote,
    DatasetStatus,
    Depth,
    FileProblem,
    LayerTimes,
    MapDataset,
    TimeInterval,
    TimeIntervals,
    TimeStep,
    Variable,
    VariableListing,
    VariableProblem,
)
from ocean_common.i18n import ENGLISH, SOURCE, Translator
from ocean_core.time import (
    Calendar,
    DateScale,
    Ints,
    Period,
    find_date_scale,
    format_duration,
    format_month_duration,
    month_of_middle,
    split_dates,
    split_iso_time,
)
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, StepArrays, TimeAxis, VariableRecord, copy_fields

# Languages: texts of the configuration where it has them, else those of the translations.


def localize_dataset(record: DatasetRecord, translate: Translator) -> DatasetRecord:
    """Translate the texts of a dataset that people read; keys, units and standard names stay."""
    if translate.language == SOURCE:
        return record
    return msgspec.structs.replace(
        record,
        **record.translations.get(translate.language, {}),
        variables=[_localize_variable(variable, translate) for variable in record.variables],
    )


def localize_listed(snapshot: Snapshot, translate: Translator) -> list[DatasetRecord]:
    """Translate the datasets that lists show."""
    return [localize_dataset(record, translate) for record in snapshot.listed]


def _localize_variable(variable: VariableRecord, translate: Translator) -> VariableRecord:
    texts = variable.translations.get(translate.language, {})
    # A name that is no quantity's may distinguish it from others of the same standard name: it stays.
    is_from_file = variable.name in {variable.long_name, variable.standard_name, variable.key}
    quantity = translate.quantity(variable.name, variable.standard_name if is_from_file else None)
    long_name = texts.get("long_name") or translate.quantity(variable.long_name) or variable.long_name
    return msgspec.structs.replace(variable, name=texts.get("name") or quantity or variable.name, long_name=long_name)


# Datasets


def list_variables(
    record: DatasetRecord, *, has_depth_only: bool = False, vectors_only: bool = False
) -> list[Variable]:
    """Return the visible variables of a dataset, sorted by name."""
    variables = [
        Variable(
            id=variable.key,
            value=variable.name,
            scale=variable.scale,
            interp=variable.interpolation,
            two_dimensional=variable.depth is None,
            vector_variable=variable.vector,
            data_categories=bool(variable.categories),
            units=variable.units,
            standard_name=variable.standard_name,
        )
        for variable in record.visible_variables
        if (variable.vector or not vectors_only) and (variable.depth is not None or not has_depth_only)
    ]
    return sorted(variables, key=lambda variable: (variable.value, variable.id))


def list_variables_by_name(records: Iterable[DatasetRecord]) -> dict[str, list[VariableListing]]:
    """Return the visible variables of datasets by their display names."""
    listings: dict[str, list[VariableListing]] = {}
    for record in records:
        for variable in record.visible_variables:
            listings.setdefault(variable.name, []).append(
                VariableListing(
                    dataset_id=record.id,
                    variable_id=variable.key,
                    variable_scale=variable.scale,
                    vector_variables=variable.vector,
                    depth=variable.depth is not None,
                )
            )
    return dict(sorted(listings.items()))


def list_statuses(snapshot: Snapshot, translate: Translator = ENGLISH) -> list[DatasetStatus]:
    """Return which files and variables of each dataset can be served, and why others cannot."""
    return [
        DatasetStatus(
            id=record.id,
            status=record.state,
            files=len(record.files) - len(record.problems) if record.state != "broken" else 0,
            reason=translate(record.reason) if record.reason else None,
            problems=[FileProblem(file=problem.name, reason=translate(problem.reason)) for problem in record.problems],
            left_out=[
                VariableProblem(variable=problem.name, reason=translate(problem.reason)) for problem in record.left_out
            ],
            notes=[
                DatasetNote(
                    name=note.name,
                    kind=note.kind,
                    text=translate(note.text),
                    advice=translate(note.advice) if note.advice else None,
                )
                for note in record.notes
            ],
        )
        for record in snapshot.datasets.values()
    ]


def list_depths(
    axis: DepthAxis | None, translate: Translator = ENGLISH, *, include_all_key: bool = True
) -> list[Depth]:
    """Return `bottom`, `all` and the levels of a variable; nothing for a variable without depth."""
    if axis is None:
        return []
    depths = [Depth(id="bottom", value=translate("Bottom"))]
    if include_all_key:
        depths.append(Depth(id="all", value=translate("All Depths")))
    return depths + [Depth(id=level, value=value) for level, value in enumerate(_format_levels(axis, translate))]


def _format_levels(axis: DepthAxis, translate: Translator) -> list[str]:
    """Return labels of levels: metres where they are depths or heights, else their values in units, or numbers."""
    if axis.kind in {"depth", "height"}:
        digits = next(
            (digits for digits in range(3) if len({round(item, digits) for item in axis.values}) == len(axis.values)), 2
        )
        return [_format_metres(value, digits, translate, is_height=axis.kind == "height") for value in axis.values]
    if axis.units:
        return [f"{value:g} {axis.units}" for value in axis.values]
    count = len(axis.values)
    return [translate("level {number} of {count}", number=number + 1, count=count) for number in range(count)]


def _format_metres(value: float, digits: int, translate: Translator, *, is_height: bool) -> str:
    text = f"{abs(value):.{digits}f}"
    if is_height or (value < 0 and float(text)):
        return translate("{height} m above", height=text)
    return f"{text} m"


# Time steps


class DatedSteps(NamedTuple):
    """Time steps as lists show them."""

    raw: Ints  # (step,)
    dates: DateScale
    quantum: str | None = None
    climatology: bool = False

    def between(self, first: Period | None, last: Period | None) -> "DatedSteps":
        """Return the time steps from the beginning of a period to the end of another, both on the scale of the dates.

        Of monthly data, which are listed as the 15th, this day means the month.
        """
        monthly, calendar = self.quantum == "month", self.dates.calendar
        first, last = ((monthly and period and month_of_middle(period, calendar)) or period for period in (first, last))
        start = 0 if first is None else int(np.searchsorted(self.dates.seconds, first.first, "left"))
        end = self.raw.size if last is None else int(np.searchsorted(self.dates.seconds, last.last, "right"))
        selection = slice(start, max(start, end))
        return self._replace(raw=self.raw[selection], dates=self.dates.take(selection))


NO_STEPS = DatedSteps(np.empty(0, np.int64), DateScale(np.empty(0, np.int64), "proleptic_gregorian"))


def date_steps(record: DatasetRecord, axis: TimeAxis, steps: StepArrays) -> DatedSteps:
    """Return the time steps of an axis with dates, as lists show them."""
    dates = find_date_scale(steps.seconds, steps.raw, axis.units, axis.calendar)
    return DatedSteps(steps.raw, dates, record.quantum, axis.climatology)


def list_time_steps(steps: DatedSteps, translate: Translator = ENGLISH, *, limit: int | None = None) -> list[TimeStep]:
    """Return at most ``limit`` time steps, ascending."""
    dates = steps.dates.take(slice(limit)).format(steps.quantum)
    labels: Iterable[str | None] = repeat(None, len(dates))
    if steps.climatology:
        labels = [label_climatology([date], steps.quantum, translate) for date in dates]
    return [
        TimeStep(id=raw, value=date, label=label)
        for raw, date, label in zip(steps.raw[:limit].tolist(), dates, labels, strict=True)
    ]


def label_climatology(dates: Sequence[str], quantum: str | None, translate: Translator) -> str:
    """Return the months, or the days, of a climatology in words: January – December, climatology."""
    months, texts = get_month_names("wide", "stand-alone", translate.language), []
    for date in dates:
        parts = split_iso_time(date)
        texts.append(months[parts.month] if quantum in {"month", "season"} else f"{parts.day} {months[parts.month]}")
    return translate("{date}, climatology", date=" – ".join(texts))


def list_time_intervals(steps: DatedSteps, *, limit: int, offset: int) -> TimeIntervals:
    """Return a page of the intervals of equal spacing of time steps."""
    if not steps.raw.size:
        return TimeIntervals(count=0, limit=limit, offset=offset)
    runs = split_into_runs(*steps.dates, quantum=steps.quantum)
    page = runs[offset : offset + limit]
    ends = steps.dates.take([0, -1, *(number for run in page for number in (run.first, run.last))])
    start, end, *labels = ends.format(steps.quantum)
    return TimeIntervals(
        count=steps.raw.size,
        start=start,
        end=end,
        total=len(runs),
        limit=limit,
        offset=offset,
        intervals=_make_intervals(page, labels, steps.raw),
    )


def _make_intervals(runs: Sequence["StepRun"], labels: Sequence[str], raw: Ints) -> list[TimeInterval]:
    """Return intervals of time steps; ``labels``: start and end of each."""
    return [
        TimeInterval(
            start=start,
            end=end,
            step=run.step,
            count=run.last - run.first + 1,
            start_id=int(raw[run.first]),
            end_id=int(raw[run.last]),
        )
        for run, start, end in zip(runs, labels[::2], labels[1::2], strict=True)
    ]


class StepRun(NamedTuple):
    """Neighbouring time steps of one spacing."""

    first: int  # indices of time steps
    last: int  # inclusive
    step: str | None  # ISO 8601 duration


def split_into_runs(
    seconds: Ints, calendar: Calendar = "proleptic_gregorian", *, quantum: str | None = None
) -> list[StepRun]:
    """Split time steps (s on the calendar's own scale, ascending) into runs of equal spacing.

    The spacing is in seconds or in calendar months; of monthly data only the month counts, since the middle of February
    is no regular step after that of January. A step that starts no run of three is a run of its own, unless it is one
    of the last two.
    """
    steps, months = np.diff(seconds), _month_steps(seconds, calendar, monthly=quantum == "month")
    even, monthly = _equal_values_ahead(steps), np.where(months > 0, _equal_values_ahead(months), 0)
    lengths = np.maximum(even, monthly)
    runs, position, count = [], 0, seconds.size
    while position < count:
        length = int(lengths[position]) if position < count - 1 else 0
        if length == 1 and position + 1 < count - 1 and lengths[position + 1] > 1:
            length = 0  # a gap before a longer run
        step = None
        if length and monthly[position] >= even[position]:
            step = format_month_duration(int(months[position]))
        elif length:
            step = format_duration(int(steps[position]))
        runs.append(StepRun(position, position + length, step))
        position += length + 1
    return runs


def _month_steps(seconds: Ints, calendar: Calendar, *, monthly: bool) -> Ints:
    """Return the steps in calendar months; 0 where the day of the month or the clock changes."""
    months, days, clocks = split_dates(seconds, calendar)
    steps: Ints = np.diff(months)
    return steps if monthly else np.where((np.diff(days) == 0) & (np.diff(clocks) == 0), steps, 0)


def _equal_values_ahead(steps: Ints) -> Ints:
    """Count how many equal values follow each other from each position on, itself included."""
    changes = np.flatnonzero(np.diff(steps))
    ends = np.concatenate([changes, [steps.size - 1]]) if steps.size else changes
    sizes = np.diff(ends, prepend=-1)
    counts: Ints = np.repeat(ends, sizes) - np.arange(steps.size) + 1
    return counts


# Layers of maps

MAX_LAYER_RUNS = 2_000  # of the time steps of a layer that capabilities list


def list_layer_variables(record: DatasetRecord) -> list[VariableRecord]:
    """Return the visible variables that lie on a map."""
    return [variable for variable in record.visible_variables if record.grids[variable.grid].grid.kind != "none"]


def collect_layers(record: DatasetRecord, steps: Mapping[int, StepArrays], translate: Translator) -> DatasetLayers:
    """Collect the layers of a dataset; ``steps`` are those of all time axes."""
    localized = localize_dataset(record, translate)
    return DatasetLayers(
        dataset=record.id,
        revision=record.revision,
        name=localized.name,
        help=localized.help,
        layers=[
            DatasetLayer(
                variable=describe_variable(record, variable),
                bounds=record.grids[variable.grid].grid.bounds or record.bounds,
                time=variable.time,
                depth=variable.depth,
            )
            for variable in list_layer_variables(record)
        ],
        times=[_list_layer_times(axis, steps[number]) for number, axis in enumerate(record.times)],
        depths=record.depths,
    )


def _list_layer_times(axis: TimeAxis, steps: StepArrays) -> LayerTimes | None:
    if not axis.dated or not steps.raw.size:
        return None
    dates = find_date_scale(steps.seconds, steps.raw, axis.units, axis.calendar)
    runs = split_into_runs(*dates)[-MAX_LAYER_RUNS:]
    ends = dates.take([number for run in runs for number in (run.first, run.last)]).format(zone="Z")
    return LayerTimes(
        last=ends[-1],
        intervals=_make_intervals(runs, ends, steps.raw),
    )


def list_map_datasets(records: Iterable[DatasetRecord]) -> list[MapDataset]:
    """Return the datasets that have layers."""
    counted = ((record, len(list_layer_variables(record))) for record in records)
    return [
        copy_fields(record, MapDataset, value=record.name, start=record.period[0], end=record.period[1], layers=layers)
        for record, layers in counted
        if layers
    ]


# Assets


def describe_variable(dataset: DatasetRecord, variable: VariableRecord) -> VariableInfo:
    """Return what labels, colours and units need."""
    axis = dataset.times[variable.time] if variable.time is not None else None
    info = copy_fields(
        variable,
        VariableInfo,
        dataset=dataset.id,
        two_dimensional=variable.depth is None,
        dataset_name=dataset.name,
        attribution=dataset.attribution,
        quantum=dataset.quantum,
        dated=axis is None or axis.dated,
        climatology=axis is not None and axis.climatology,
        revision=dataset.revision,
        translations=_name_translations(dataset, variable),
    )
    # Chosen here, by the name in the configuration: neighbours may have translated it.
    return msgspec.structs.replace(info, colormap=info.colours.colormap, logarithmic=info.colours.logarithmic)


def _name_translations(dataset: DatasetRecord, variable: VariableRecord) -> dict[str, dict[str, str]]:
    """Return the configured texts of a dataset and its variable: by language, by the English text."""
    translations: dict[str, dict[str, str]] = {}
    of_dataset = {"name": dataset.name, "attribution": dataset.attribution}
    of_variable: dict[str, str | None] = {category: category for category in variable.categories}
    of_variable |= {"name": variable.name, "long_name": variable.long_name}
    for record, english in ((dataset, of_dataset), (variable, of_variable)):
        for language, texts in record.translations.items():
            names = {text: texts[key] for key, text in english.items() if text and texts.get(key)}
            if names:
                translations[language] = translations.get(language, {}) | names
    return translations


def _needed_variables(dataset: DatasetRecord, variable: VariableRecord) -> list[VariableRecord]:
    """Return a variable and those that reading it needs: terms of its levels, bathymetry, angles, land mask."""
    keys = {variable.bathymetry, *variable.angle.values(), *(variable.levels.terms.values() if variable.levels else ())}
    keys |= {variable.land.key} if variable.land else set()
    return [variable, *(needed for needed in dataset.variables if needed.key in keys)]


def needed_time_axes(dataset: DatasetRecord, variable: VariableRecord) -> set[int]:
    """Return the time axes of a variable and of those that reading it needs."""
    return {needed.time for needed in _needed_variables(dataset, variable) if needed.time is not None}


def collect_assets(dataset: DatasetRecord, variable: VariableRecord, steps: Mapping[int, StepArrays]) -> Assets:
    """Collect all that is needed to read a variable; ``steps`` are those of its `needed_time_axes`."""
    needed = {other.key: _variable_assets(dataset, other, steps) for other in _needed_variables(dataset, variable)[1:]}
    levels = variable.levels and Levels(
        kind=variable.levels.kind, terms={role: needed[key] for role, key in variable.levels.terms.items()}
    )
    return msgspec.structs.replace(
        _variable_assets(dataset, variable, steps),
        levels=levels,
        bathymetry=needed[variable.bathymetry] if variable.bathymetry else None,
        angle={role: needed[key] for role, key in variable.angle.items()},
        land=LandMask(mask=needed[variable.land.key], meaning=variable.land.meaning) if variable.land else None,
    )


def collect_files(dataset: DatasetRecord, steps: Mapping[int, StepArrays]) -> DatasetFiles:
    """Collect the files of a dataset by what they hold; ``steps`` are those of all time axes."""
    groups: dict[tuple[int | None, str, tuple[int, ...]], dict[str, VariableRecord]] = {}
    for variable in dataset.variables:
        if variable.source:
            files = dataset.times[variable.time].files if variable.time is not None else [variable.file]
            time = next((dimension.name for dimension in variable.dimensions if dimension.role == "time"), "")
            groups.setdefault((variable.time, time, tuple(files)), {}).setdefault(variable.source, variable)
    return DatasetFiles(
        dataset=dataset.id,
        revision=dataset.revision,
        selected=dataset.selected,
        groups=[
            FileGroup(
                files=[dataset.files[number] for number in files],
                variables=list(variables),
                mixed={
                    source: MixedVariable(
                        units=variable.units,
                        conversions=[variable.conversions.get(number) for number in files],
                    )
                    for source, variable in variables.items()
                    if variable.mixed or variable.conversions
                },
                time=name,
                steps=None if time is None else _pack_steps(dataset.times[time], steps[time]),
            )
            for (time, name, files), variables in groups.items()
        ],
    )


def _variable_assets(dataset: DatasetRecord, variable: VariableRecord, steps: Mapping[int, StepArrays]) -> Assets:
    files = dataset.times[variable.time].files if variable.time is not None else [variable.file]
    return Assets(
        dataset=dataset.id,
        revision=dataset.revision,
        variable=describe_variable(dataset, variable),
        source=variable.source,
        dimensions=variable.dimensions,
        grid=dataset.grids[variable.grid].grid,
        depth=dataset.depths[variable.depth] if variable.depth is not None else None,
        files=[_file_of(dataset, variable, number) for number in files],
        steps=_pack_steps(dataset.times[variable.time], steps[variable.time]) if variable.time is not None else None,
        timeless=dataset.time is None,
        equation=variable.equation,
        components=variable.components,
    )


def _file_of(dataset: DatasetRecord, variable: VariableRecord, number: int) -> File:
    file, conversion = dataset.files[number], variable.conversions.get(number)
    return file if conversion is None else msgspec.structs.replace(file, conversion=conversion)


def _pack_steps(axis: TimeAxis, steps: StepArrays) -> Steps:
    return Steps(
        raw=pack_array(steps.raw),
        seconds=pack_array(steps.seconds),
        file=pack_array(np.searchsorted(axis.files, steps.file).astype(np.int32)),
        position=pack_array(steps.position.astype(np.int32)),
        units=axis.units,
        calendar=axis.calendar,
        dated=axis.dated,
        climatology=axis.climatology,
        values=None if axis.dated else pack_array(steps.values),
    )
