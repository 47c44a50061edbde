"""Comparisons of two datasets, and of observations with models: equal quantities, common depths, agreement."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from matplotlib.axes import Axes

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.observations import Class4Values, ObservedStation, ObservedValues
from ocean_common.i18n import Translator
from ocean_core.colour import Colours, Limits, Scale, fit_scale, line_limits
from ocean_core.errors import NotSupported
from ocean_core.units import canonical_units, unit_conversion
from ocean_plotting.export.table import make_header
from ocean_plotting.figure.axes import set_quantity_axis, show_message
from ocean_plotting.figure.labels import LabelFormatter, join_parts
from ocean_plotting.figure.layout import MUTED, axes_inches, fold_text
from ocean_plotting.figure.stations import ComparedSeries, DottedStation, add_comparison_panels
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.common.coverage import Floats, to_array
from ocean_plotting.plots.common.query import ComparedDataset, ObservedQuery, parse_scale
from ocean_plotting.plots.kind import Data, Plot, Query

# Parts of names that tell one quantity from another, by their meaning; the first that fits counts.
QUANTITIES = (
    ("salinity", ("salin", "psal", "vosal")),
    ("temperature", ("temp", "thetao", "sst")),
    ("sound speed", ("sound", "sspeed")),
    ("density excess", ("sigma", "minus 1000")),
    ("density", ("density", "potdens")),
    ("oxygen", ("oxygen", "doxy")),
    ("carbon dioxide", ("co2", "carbon_dioxide", "carbon dioxide")),
    ("chlorophyll", ("chlorophyll", "chl")),
    ("eastward", ("eastward", "vozocrtx")),
    ("northward", ("northward", "vomecrty")),
    ("sea level", ("surface_height", "surface height", "elevation", "sea level", "free surface", "free-surface")),
)
# Temperatures of something else than the sea's water.
OTHER_TEMPERATURES = ("air_temperature", "air temperature", "equilibrator")
# The practical salinity has no units: files write any of these and mean the same number.
PRACTICAL_SALINITY = {"PSU", "1e-3", "1"}
MOST_OWNERS = 3  # of observations, in a credit
SURFACE = 5.0  # m

ObservedKindQuery = TypeVar("ObservedKindQuery", bound=ObservedQuery)
LevelValues = tuple[Floats, Floats]  # depths (m; of tracks: instants, s) and values, (n,) each, ascending
NO_LEVELS: LevelValues = (np.empty(0), np.empty(0))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A quantity with its units."""

    key: str  # standard name, or key of a variable
    name: str
    units: str
    standard_name: str = ""

    @classmethod
    def of(cls, values: VariableInfo | ObservedValues | Class4Values) -> "Measure":
        """Return the measure of a variable of a model, or of observed values."""
        standard_name = getattr(values, "standard_name", None) or ""
        return cls(key=values.key, name=values.name, units=values.units, standard_name=standard_name)

    @property
    def known_meaning(self) -> str | None:
        """Meaning of the quantity, by its names; None where they do not tell."""
        text = " ".join((self.standard_name, self.key, self.name)).lower()
        if any(part in text for part in OTHER_TEMPERATURES):
            return None
        return next((meaning for meaning, parts in QUANTITIES if any(part in text for part in parts)), None)

    @property
    def meaning(self) -> str:
        """Meaning of the quantity; its own name where that is unknown."""
        return self.known_meaning or self.name

    def convert(self, values: Floats, units: str) -> Floats | None:
        """Convert values of this measure to ``units``; None where these measure something else."""
        if self.meaning == "salinity" and {canonical_units(self.units), canonical_units(units)} <= PRACTICAL_SALINITY:
            return values
        factors = unit_conversion(self.units, units)
        return None if factors is None else values * factors[0] + factors[1]

    def convert_or_drop(self, values: Floats, units: str) -> Floats:
        """Convert values of this measure to ``units``; NaN where these measure something else."""
        converted = self.convert(values, units)
        return np.full(values.shape, np.nan) if converted is None else converted


def match_measures(observed: Sequence[Measure], modelled: Sequence[Measure]) -> list[tuple[int | None, int | None]]:
    """Match quantities that mean the same, in units that can be converted: indices of both, each once; None: alone."""
    partners: dict[int, int] = {}
    # Equal names go first: the temperature of the surface beside that of the surface.
    for matches in (_have_same_name, _mean_the_same):
        for number, measure in enumerate(observed):
            free = [index for index in range(len(modelled)) if index not in partners.values()]
            partner = next((index for index in free if matches(measure, modelled[index])), None)
            if number not in partners and partner is not None:
                partners[number] = partner
    alone = [(None, index) for index in range(len(modelled)) if index not in partners.values()]
    return [*((number, partners.get(number)) for number in range(len(observed))), *alone]


def _have_same_name(first: Measure, second: Measure) -> bool:
    first_names, second_names = (
        {name.lower() for name in (measure.key, measure.name, measure.standard_name) if name}
        for measure in (first, second)
    )
    return bool(first_names & second_names) and _mean_the_same(first, second)


def _mean_the_same(first: Measure, second: Measure) -> bool:
    return first.meaning == second.meaning and second.convert(np.zeros(1), first.units) is not None


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
    if first.is_discrete or second.is_discrete or unit_conversion(second.units, first.units) is None:
        return False
    meanings = [measure.known_meaning for measure in (Measure.of(first), Measure.of(second))]
    if None not in meanings:
        return meanings[0] == meanings[1]
    names = {info.standard_name for info in (first, second)}
    return len(names) == 1 or not all(names)


def check_level_units(levels: Sequence[tuple[VariableInfo, str]], field: str) -> None:
    """Refuse depths beside pressures, which are no one axis; ``levels``: variables with the units of their levels."""
    for info, units in levels:
        if units != levels[0][1]:
            raise NotSupported(
                "the levels of {key} and {second_key} are in {units} and {second_units}: draw them in two plots",
                key=levels[0][0].key,
                second_key=info.key,
                units=levels[0][1],
                second_units=units,
                field=field,
            )


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
    common = first.scale
    if common is None and other.scale is not None:
        factor, offset = unit_conversion(infos[1].units, info.units) or (1.0, 0.0)
        low, high = (limit * factor + offset for limit in other.scale.limits)
        common = Scale(low, high, other.scale.logarithmic and low > 0)
    line = common and common.limits
    if common is None:
        pooled = np.concatenate([array.ravel() for array in values[:2]])
        colours = Colours(chosen, info.colours.logarithmic)
        common = fit_scale(pooled, colours, zero_centered=info.zero_centered, fallback=info.scale)
        line = line_limits(pooled, info.scale)
    both = PanelColours(common, chosen, line)
    return [both, both, PanelColours.read(second.scale_diff, second.colormap_diff, "$.compare_to.scale_diff")]


@dataclass(frozen=True)
class Agreement:
    """Statistics of the differences between model and observation."""

    bias: float  # mean of the differences
    error: float  # their root mean square

    @classmethod
    def compute(cls, difference: Floats) -> "Agreement | None":
        """Compute the statistics of differences; None where there are none."""
        difference = difference[np.isfinite(difference)]
        if not difference.size:
            return None
        return cls(float(difference.mean()), float(np.sqrt((difference**2).mean())))

    def format(self, units: str, labels: LabelFormatter) -> dict[str, str]:
        """Format the statistics, by their names in texts."""
        return {"bias": labels.number(self.bias, 2), "error": labels.value(self.error, units, 2)}


@dataclass(frozen=True)
class ComparedQuantity:
    """One quantity at every station: observed, modelled, or both in the same units."""

    name: str  # of the observation, or of the model's variable
    units: str
    variable: VariableInfo | None  # of the model
    observed: list[LevelValues]  # by station
    modelled: list[LevelValues]

    @property
    def is_observed(self) -> bool:
        return any(values.size for _, values in self.observed)

    @property
    def is_modelled(self) -> bool:
        return any(np.isfinite(values).any() for _, values in self.modelled)

    @property
    def deepest(self) -> float:
        """Greatest depth (m) with an observed value; without observations, with a value at all."""
        return _find_deepest(self.observed) or _find_deepest(self.modelled)

    def format_agreement(self, labels: LabelFormatter) -> str:
        """Format how well the model, linear between its levels, agrees with all observations; empty if unknown."""
        pairs = list(zip(self.observed, self.modelled, strict=True))
        observed = np.concatenate([values for (_, values), _ in pairs])
        modelled = np.concatenate([interpolate_column(depth, column) for (depth, _), column in pairs])
        agreement = Agreement.compute(modelled - observed)
        if agreement is None:
            return ""
        return labels.translate("model: bias {bias}, RMSE {error}", **agreement.format(self.units, labels))

    def describe(self, labels: LabelFormatter) -> str:
        """Describe the ranges, and how well the model agrees, in sentences (for alternative texts)."""
        translate = labels.translate
        name, sentences = labels.quantity_name(self.name), []
        for series in (self.observed, self.modelled):
            values = np.concatenate([column for _, column in series])
            if np.isfinite(values).any():
                texts = labels.range(values, self.units)
                sentences.append(
                    translate("{name}: observed from {low} to {high}.", name=name, **texts)
                    if series is self.observed
                    else translate("{name}: modelled from {low} to {high}.", name=name, **texts)
                )
        if agreement := self.format_agreement(labels):
            sentences.append(f"{agreement[:1].upper()}{agreement[1:]}.")
        return " ".join(sentences) or translate("{name}: no data at these stations.", name=name)


def compare_quantities(
    measures: Sequence[Measure],
    columns: Sequence[tuple[VariableInfo, list[LevelValues]]],
    read_observed: Callable[[Measure], list[LevelValues]],
) -> list[ComparedQuantity]:
    """Match observed quantities with a model's variables, each given with its column at every station.

    ``read_observed`` returns the observations of a measure at every station, in its units.
    """
    modelled = [Measure.of(info) for info, _ in columns]
    quantities = []
    for number, index in match_measures(measures, modelled):
        measure = measures[number] if number is not None else modelled[index or 0]
        observed = [] if number is None else read_observed(measure)
        info, model_columns = (None, [NO_LEVELS] * len(observed)) if index is None else columns[index]
        if index is not None and number is not None:
            convert = modelled[index].convert_or_drop
            model_columns = [(depth, convert(values, measure.units)) for depth, values in model_columns]
        observed = observed or [NO_LEVELS] * len(model_columns)
        quantities.append(ComparedQuantity(measure.name, measure.units, info, observed, model_columns))
    return quantities


def align_levels(quantities: Sequence[ComparedQuantity], station: int) -> tuple[Floats, Floats]:
    """Return the depths (row,) of a station, m, and values (2 × quantity, row): observed, modelled, ….

    Rows are all depths with an observation, each as often as one quantity has it (casts go down and up); at stations
    without observations, the model's own levels.
    """
    profiles = [quantity.observed[station] for quantity in quantities]
    if not any(depth.size for depth, _ in profiles):
        profiles = [quantity.modelled[station] for quantity in quantities]
    unique = np.unique(np.concatenate([depth for depth, _ in profiles]))
    counts = np.array([[np.count_nonzero(depth == level) for level in unique] for depth, _ in profiles])
    depths = np.repeat(unique, counts.max(axis=0, initial=0))
    values = []
    for quantity in quantities:
        placed, (known, observed) = np.full(depths.shape, np.nan), quantity.observed[station]
        for level in np.unique(known):
            at_level = observed[known == level]
            first = int(np.searchsorted(depths, level))
            placed[first : first + len(at_level)] = at_level
        values += [placed, interpolate_column(depths, quantity.modelled[station])]
    return depths, np.array(values).reshape(len(values), -1)


def interpolate_column(depth: Floats, column: LevelValues) -> Floats:
    """Interpolate a column linearly to depths (m).

    Above its first level that level's value holds, since a model's first level stands for the water above it; below
    its last there is none. A value of the surface alone holds for observations some metres down.
    """
    if not column[0].size:
        return np.full(depth.shape, np.nan)
    if column[0].size == 1:  # of the surface alone
        return np.where(np.abs(depth - column[0][0]) <= SURFACE, column[1][0], np.nan)
    return np.asarray(np.interp(depth, *column, right=np.nan), dtype=np.float64)


def read_observed(station: ObservedStation, measure: Measure) -> LevelValues:
    """Return the depths (m) and observed values of a measure at a station, downwards."""
    observed = next((values for values in station.variables if values.key == measure.key), None)
    if observed is None:
        return NO_LEVELS
    depth, values = to_array(observed.depth), to_array(observed.values)
    finite = np.isfinite(depth) & np.isfinite(values)
    depth, values = depth[finite], Measure.of(observed).convert_or_drop(values[finite], measure.units)
    order = np.argsort(depth, kind="stable")
    return depth[order], values[order]


def _find_deepest(profiles: Sequence[LevelValues]) -> float:
    return max((float(depth[np.isfinite(values)].max(initial=0.0)) for depth, values in profiles), default=0.0)


def name_model(infos: Iterable[VariableInfo], dataset: str, translate: Translator) -> str:
    """Return the name of a model by its variables, in the language of the reader, or its id."""
    return next((translate.dataset_name(info) for info in infos if info.dataset_name), dataset)


class ObservedPlot(Plot[ObservedKindQuery, Data]):
    """Plot of observations, and beside them a model's values of the same quantities."""

    quantities: list[ComparedQuantity]
    when: str
    notes: list[str]  # on what is compared

    def name_sources(self, owners: Iterable[str], infos: Sequence[VariableInfo]) -> None:
        """Set the model's name and id, and the credit: the owners of observations as files name them, and the model's.

        ``infos``: the model's variables, if there are any.
        """
        translate, names = self.translate, list(dict.fromkeys(filter(None, owners)))
        if len(names) > MOST_OWNERS:
            names = [*names[:MOST_OWNERS], translate("… and {count} more", count=len(names) - MOST_OWNERS)]
        parts = [translate("Observations: {credit}", credit="; ".join(names))] if names else []
        self.model, self.dataset = name_model(infos, self.query.dataset, translate), self.query.dataset if infos else ""
        if infos:
            credit = next(filter(None, map(translate.attribution, infos)), self.model)
            parts.append(translate("Model: {credit}", credit=credit))
        self.credit = join_parts(*parts) or translate("Observations")

    def make_sentences(self) -> list[str]:
        """Describe quantities, and add the notes."""
        return [
            self.translate("{title}, {time}.", title=self.title, time=self.when),
            *(quantity.describe(self.labels) for quantity in self.quantities),
            *(f"{note}." for note in self.notes),
        ]

    def make_header(self) -> list[tuple[str, str]]:
        notes = [(self.translate("Note"), note) for note in self.notes]
        return make_header(self.translate, self.model, self.credit, self.when) + notes


class ProfileComparison(Plot[Query, Data]):
    """Panels of quantities over depth at stations, each with several series."""

    series: list[ComparedSeries]
    stations: list[DottedStation]

    def add_panels(self, depths: Sequence[float]) -> list[Axes]:
        """Add a panel for each of the greatest depths (m) that are shown."""
        return add_comparison_panels(
            self.figure, self.series, self.stations, depths, self.context, show_map=self.show_map
        )

    def finish_panel(self, panel: Axes, label: str, limits: Limits | None, agreements: list[str], empty: str) -> None:
        """Draw the axis of a quantity, and write above it how well series agree; ``empty``: why there are none."""
        set_quantity_axis(panel, label, limits, self.context)
        if empty:
            show_message(panel, empty, self.sizes)
        elif agreements:
            width, size = axes_inches(panel)[0], self.sizes.small
            text = "\n".join(fold_text(line, width, size) for line in agreements)
            panel.set_title(text, loc="left", fontsize=size, color=MUTED)
