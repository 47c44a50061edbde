"""Fields beside the variables of an extraction: land at points, and the sea floor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_data.compute import depth as depths
from ocean_data.plan.extraction import Body, Extraction, Field, Reading, Values
from ocean_data.plan.sampling import Sample


class AncillaryField(Protocol):
    """One field beside the others, on the dimensions of the places: read once, with the first part."""

    @property
    def field(self) -> Field:
        """The field as it is described."""

    def read(self, reading: Reading, part: dict[str, Values]) -> Values:
        """Its values; ``part``: what was read of the other fields."""


@dataclass(frozen=True, kw_only=True)
class WithAncillary:
    """Reads an extraction and what stands beside it."""

    body: Body
    ancillary: Sequence[AncillaryField]

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Values by key of field."""
        part = self.body.read(reading, rows)
        if rows.start == 0:
            part |= {field.field.key: field.read(reading, part) for field in self.ancillary}
        return part


def with_ancillary(extraction: Extraction, *candidates: AncillaryField | None) -> Extraction:
    """Add fields to an extraction; a requested variable of the same key takes precedence."""
    taken = {field.key for field in extraction.fields}
    ancillary = [field for field in candidates if field is not None and field.field.key not in taken]
    if not ancillary:
        return extraction
    fields = [*extraction.fields, *(field.field for field in ancillary)]
    return replace(extraction, fields=fields, body=WithAncillary(body=extraction.body, ancillary=ancillary))


@dataclass(frozen=True, kw_only=True)
class LandMask:
    """1 at points on land, 0 in the sea: where there is no value by the sea floor, or by a gap, it stays 0."""

    sample: Sample
    step: int | None
    level: int  # the shallowest
    told_by: Field | None  # what is read anyway, if that holds the shallowest level or the whole column
    field: Field
    shape: tuple[int, ...]

    @classmethod
    def of(
        cls, sample: Sample, steps: Sequence[int] | None, dims: dict[str, int], read: tuple[Field, depths.Depth]
    ) -> "LandMask":
        """By the shallowest level of a variable, at its first time; ``read``: its field, and the depth of that."""
        assets = sample.assets
        info = VariableInfo(
            dataset=assets.dataset,
            key="land",
            name="LandMask",
            units="1",
            scale=(0.0, 1.0),
            standard_name="land_binary_mask",
            long_name=f"points on land, as {assets.variable.key} has it",
            categories=["sea", "land"],
            two_dimensional=True,
        )
        level = depths.deepest_first(assets.depth)[-1] if assets.depth else 0
        return cls(
            sample=sample,
            step=None if steps is None else steps[0],
            level=level,
            told_by=read[0] if not assets.depth or read[1] in {level, "all", "bottom", "mean"} else None,
            field=Field(variable=info, dims=tuple(dims), auxiliary=True),
            shape=tuple(dims.values()),
        )

    def read(self, reading: Reading, part: dict[str, Values]) -> Values:
        """1 or 0 by point."""
        if self.told_by is None:
            values = self.sample.read(reading.source, None if self.step is None else [self.step], self.level).values
            surface = values[0, 0]
        else:
            surface = part[self.told_by.key]
            surface = surface[0] if "time" in self.told_by.dims else surface
            surface = surface[self.level] if any(name.startswith("depth") for name in self.told_by.dims) else surface
        land: Values = np.isnan(surface).astype(np.float64).reshape(self.shape)
        return land


@dataclass(frozen=True, kw_only=True)
class SeaFloor:
    """The model's own depth of the sea floor."""

    sample: Sample  # of the bathymetry
    field: Field
    shape: tuple[int, ...]

    def read(self, reading: Reading, _: dict[str, Values]) -> Values:
        """Depth in m by point."""
        assets = self.sample.assets
        values = self.sample.read(reading.source, None if assets.steps is None else [0], 0).values
        floor: Values = values[0, 0].reshape(self.shape)
        return floor


@dataclass(frozen=True, kw_only=True)
class Deepest:
    """The depth of the deepest level with a value: what is known of the sea floor where the model does not tell it."""

    of: Field  # on (time,) depth, places
    metres: Values | None  # (level,); None: as the field `depth` says
    field: Field

    def read(self, _: Reading, part: dict[str, Values]) -> Values:
        """Depth in m by point."""
        values = part[self.of.key]
        deep = part["depth"] if self.metres is None else self.metres[:, np.newaxis]
        first = values[0] if self.of.dims[0] == "time" else values
        if self.metres is None and deep.ndim > first.ndim:
            deep = deep[0]
        wet = np.where(np.isfinite(first) & np.isfinite(deep), deep, -np.inf).max(axis=0)
        return np.where(np.isfinite(wet), wet, np.nan)


def sea_floor_field(
    variables: Sequence[Assets], extraction: Extraction, floor: Sample | None, dims: dict[str, int]
) -> AncillaryField | None:
    """The sea floor under places on one dimension; None where nothing tells where it is."""
    info = VariableInfo(
        dataset=variables[0].dataset,
        key="bathymetry",
        name="Sea floor",
        units="m",
        scale=(0.0, 6000.0),
        standard_name="sea_floor_depth_below_geoid" if floor else None,
        long_name=floor.assets.variable.long_name if floor else "depth of the deepest level with a value",
        two_dimensional=True,
    )
    field = Field(variable=info, dims=tuple(dims), auxiliary=True)
    if floor is not None:
        return SeaFloor(sample=floor, field=field, shape=tuple(dims.values()))
    variable = next(
        (variable for variable in extraction.fields if any(name.startswith("depth") for name in variable.dims)), None
    )
    deep = next((variable for variable in variables if variable.depth is not None), None)
    if variable is None or deep is None:
        return None
    if deep.levels is not None:
        return Deepest(of=variable, metres=None, field=field)
    metres = np.array([np.nan if level is None else level for level in depths.metres(deep.depth)])
    return Deepest(of=variable, metres=metres, field=field) if np.isfinite(metres).any() else None
