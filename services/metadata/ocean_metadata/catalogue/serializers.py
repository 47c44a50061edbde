"""What people and neighbours are told, from what the catalogue knows."""

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np

from ocean_common.contracts.assets import Assets, DepthAxis, Levels, Revisions, Steps, VariableInfo
from ocean_common.contracts.finding import TimeIntervals
from ocean_common.contracts.metadata import (
    Dataset,
    DatasetStatus,
    Depth,
    TimeStep,
    Variable,
    VariableListing,
)
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.time import format_times
from ocean_metadata.catalogue.intervals import between, intervals, runs
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, StepArrays, TimeAxis, VariableRecord
from ocean_metadata.index.file_header import pack


def datasets(snapshot: Snapshot) -> list[Dataset]:
    """The list of datasets."""
    return [
        Dataset(
            id=one.id,
            value=one.name,
            quantum=one.quantum,
            help=one.help,
            attribution=one.attribution,
            model_class=one.model_class,
            group=one.group,
            subgroup=one.subgroup,
            time_dim_units=one.time_dim_units,
            default_location=one.default_location,
            revision=one.revision,
        )
        for one in snapshot.listed
    ]


def variables(one: DatasetRecord, *, has_depth_only: bool = False, vectors_only: bool = False) -> list[Variable]:
    """The variables of a dataset by name; hidden ones are left out."""
    found = [
        Variable(
            id=each.key,
            value=each.name,
            scale=each.scale,
            interp=each.interpolation,
            two_dimensional=each.depth is None,
            vector_variable=each.vector,
            data_categories=bool(each.categories),
            units=each.units,
            standard_name=each.standard_name,
        )
        for each in shown(one)
        if (each.vector or not vectors_only) and (each.depth is not None or not has_depth_only)
    ]
    return sorted(found, key=lambda each: (each.value, each.id))


def shown(one: DatasetRecord) -> list[VariableRecord]:
    """The variables that lists show."""
    return [each for each in one.variables if not (each.hidden or each.auxiliary)]


def infos(one: DatasetRecord) -> list[VariableInfo]:
    """What each variable is that lists show."""
    return [info(one, each) for each in shown(one)]


def by_name(snapshot: Snapshot) -> dict[str, list[VariableListing]]:
    """Every variable of every dataset, by its display name."""
    found: dict[str, list[VariableListing]] = {}
    for dataset in snapshot.listed:
        for one in shown(dataset):
            found.setdefault(one.name, []).append(
                VariableListing(
                    dataset_id=dataset.id,
                    variable_id=one.key,
                    variable_scale=one.scale,
                    vector_variables=one.vector,
                    depth=one.depth is not None,
                )
            )
    return dict(sorted(found.items()))


def statuses(snapshot: Snapshot) -> list[DatasetStatus]:
    """Whether the files of each dataset can be served."""
    return [
        DatasetStatus(
            id=one.id,
            status=one.state,
            files=len(one.files) - len(one.problems) if one.state != "broken" else 0,
            reason=one.reason,
            problems=one.problems,
            left_out=one.left_out,
        )
        for one in snapshot.datasets.values()
    ]


def time_steps(
    steps: StepArrays | None,
    quantum: str | None,
    first: int | None = None,
    last: int | None = None,
    *,
    limit: int | None = None,
) -> list[TimeStep]:
    """Time steps, ascending: those from one second to another, and of these the first."""
    if steps is None:
        return []
    some = between(steps, first, last)
    labels = format_times(some.seconds[:limit], quantum)
    return [TimeStep(id=number, value=label) for number, label in zip(some.raw[:limit].tolist(), labels, strict=True)]


def time_intervals(
    steps: StepArrays | None, quantum: str | None, first: int | None, last: int | None, *, limit: int, offset: int
) -> TimeIntervals:
    """Time steps from one second to another, as intervals of equal spacing: a page of these."""
    some = between(steps, first, last) if steps is not None else None
    if some is None or not some.seconds.size:
        return TimeIntervals(count=0, limit=limit, offset=offset)
    found = runs(some.seconds, quantum)
    start, end = format_times(some.seconds[[0, -1]], quantum)
    return TimeIntervals(
        count=some.seconds.size,
        start=start,
        end=end,
        total=len(found),
        limit=limit,
        offset=offset,
        intervals=intervals(some, quantum, found[offset : offset + limit]),
    )


def depths(axis: DepthAxis | None, translate: Translator = ENGLISH, *, include_all_key: bool = True) -> list[Depth]:
    """The levels of a variable, after the words that name several of them; nothing for a variable without depth."""
    if axis is None:
        return []
    words = [Depth(id="bottom", value=translate("Bottom"))]
    if include_all_key:
        words.append(Depth(id="all", value=translate("All Depths")))
    return words + [Depth(id=level, value=_level(axis, value, translate)) for level, value in enumerate(axis.values)]


def _level(axis: DepthAxis, value: float, translate: Translator) -> str:
    if axis.kind == "height":
        return translate("{height} m above", height=round(value))
    if axis.kind == "sigma":
        return translate("{level} (sigma)", level=f"{value:g}")
    return f"{round(value)} m" if axis.kind == "depth" else f"{value:g}"


def info(dataset: DatasetRecord, one: VariableRecord) -> VariableInfo:
    """What labels, colours and units need."""
    return VariableInfo(
        dataset=dataset.id,
        key=one.key,
        name=one.name,
        units=one.units,
        scale=one.scale,
        standard_name=one.standard_name,
        long_name=one.long_name,
        zero_centered=one.zero_centered,
        categories=one.categories,
        two_dimensional=one.depth is None,
        dataset_name=dataset.name,
        attribution=dataset.attribution,
        quantum=dataset.quantum,
        revision=dataset.revision,
    )


def needed(dataset: DatasetRecord, one: VariableRecord) -> list[VariableRecord]:
    """A variable, and all that are told with it."""
    keys = [*(one.levels.terms.values() if one.levels else []), *([one.bathymetry] if one.bathymetry else [])]
    wanted = {*keys, *one.angle.values()}
    return [one, *(each for each in dataset.variables if each.key in wanted)]


def needed_axes(dataset: DatasetRecord, one: VariableRecord) -> set[int]:
    """The time axes of a variable and of all that are told with it."""
    return {each.time for each in needed(dataset, one) if each.time is not None}


def assets(dataset: DatasetRecord, one: VariableRecord, steps: Mapping[int, StepArrays]) -> Assets:
    """All that is needed to read a variable, with what goes with it; `steps` are those of the time axes."""
    others = {each.key: _assets(dataset, each, steps) for each in needed(dataset, one)[1:]}
    return msgspec.structs.replace(
        _assets(dataset, one, steps),
        levels=one.levels
        and Levels(kind=one.levels.kind, terms={role: others[key] for role, key in one.levels.terms.items()}),
        bathymetry=others[one.bathymetry] if one.bathymetry else None,
        angle={role: others[key] for role, key in one.angle.items()},
    )


def _assets(dataset: DatasetRecord, one: VariableRecord, steps: Mapping[int, StepArrays]) -> Assets:
    numbers = dataset.times[one.time].files if one.time is not None else [one.file]
    return Assets(
        dataset=dataset.id,
        revision=dataset.revision,
        variable=info(dataset, one),
        source=one.source,
        dimensions=one.dimensions,
        grid=dataset.grids[one.grid].grid,
        depth=dataset.depths[one.depth] if one.depth is not None else None,
        files=[dataset.files[each] for each in numbers],
        steps=_steps(dataset.times[one.time], steps[one.time]) if one.time is not None else None,
        equation=one.equation,
        components=one.components,
    )


def _steps(axis: TimeAxis, steps: StepArrays) -> Steps:
    return Steps(
        raw=pack(steps.raw.astype(np.int64)),
        seconds=pack(steps.seconds.astype(np.int64)),
        file=pack(np.searchsorted(axis.files, steps.file).astype(np.int32)),
        position=pack(steps.position.astype(np.int32)),
        units=axis.units,
        calendar=axis.calendar,
    )


def revisions(snapshot: Snapshot, known: str) -> Revisions:
    """The revisions of all datasets, unless the asker has them."""
    now = snapshot.revision or ""
    if known and known == now:
        return Revisions(catalogue=now)
    return Revisions(catalogue=now, datasets=_revisions(snapshot.served))


def _revisions(found: Iterable[DatasetRecord]) -> dict[str, str]:
    return {one.id: one.revision for one in found}
