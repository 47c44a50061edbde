"""Panels of two datasets: whether their variables can be subtracted, and the colours of both and of the difference."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import Colours, Limits, Scale, fit_scale, line_limits
from ocean_core.units import unit_conversion
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.common.comparison import Measure
from ocean_plotting.plots.common.coverage import Floats
from ocean_plotting.plots.common.query import ComparedDataset, parse_scale


class PanelColours(NamedTuple):
    """Scale and colormap of a panel, and the limits of its axis if it is a line; None: by its values or variable."""

    scale: Scale | None
    colormap: str | None
    line: Limits | None = None

    @classmethod
    def read(cls, scale: str, colormap: str | None, field: str) -> "PanelColours":
        """Read what a query has for a panel."""
        requested = parse_scale(scale, field)
        return cls(requested, validate_colormap(colormap), requested and requested.limits)


def have_difference(first: VariableInfo, second: VariableInfo) -> bool:
    """Return whether two variables are the same quantity, in units that can be converted.

    Names that tell nothing count as the same: the request puts them side by side.
    """
    if first.categories or second.categories or unit_conversion(second.units, first.units) is None:
        return False
    meanings = [measure.known_meaning for measure in (Measure.of(first), Measure.of(second))]
    if None not in meanings:
        return meanings[0] == meanings[1]
    names = {info.standard_name for info in (first, second)}
    return len(names) == 1 or not all(names)


def choose_panel_colours(
    scale: str,
    colormap: str | None,
    second: ComparedDataset | None,
    infos: Sequence[VariableInfo],
    values: Sequence[Floats],
) -> list[PanelColours]:
    """Choose the colours of a variable; or of two, and of their difference if ``infos`` has three.

    Two with a difference have the same scale, in the units of the first, and the same colormap: what the query has for
    the first, else for the second, else what suits the first and the values of both. ``values``: those that are seen.
    """
    first = PanelColours.read(scale, colormap, "$.scale")
    if second is None:
        return [first]
    other = PanelColours.read(second.scale, second.colormap, "$.compare_to.scale")
    if len(infos) < 3:
        return [first, other]
    info, chosen = infos[0], first.colormap or other.colormap or infos[0].colours.colormap
    common = first.scale or _convert_scale(other.scale, infos[1].units, info.units)
    line = common and common.limits
    if common is None:
        pooled = np.concatenate([array.ravel() for array in values[:2]])
        colours = Colours(chosen, info.colours.logarithmic)
        common = fit_scale(pooled, colours, zero_centered=info.zero_centered, fallback=info.scale)
        line = line_limits(pooled, info.scale)
    both = PanelColours(common, chosen, line)
    return [both, both, PanelColours.read(second.scale_diff, second.colormap_diff, "$.compare_to.scale_diff")]


def _convert_scale(scale: Scale | None, units: str, target: str) -> Scale | None:
    factors = unit_conversion(units, target)
    if scale is None or factors is None:
        return scale
    low, high = (limit * factors[0] + factors[1] for limit in scale.limits)
    return Scale(low, high, scale.logarithmic and low > 0)
