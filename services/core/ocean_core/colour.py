"""Colours of a quantity: its colormap, the limits of its scale, and how its colours are spread over them.

Every choice goes by the standard name first, then by the configured name with the units, never by a translated name, so
that the catalogue, the numbers and the pictures agree. What crosses between them are ids of colormaps and scales; the
colours themselves belong to whoever draws.
"""

import math
import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocean_core.units import canonical_units, is_known_unit, unit_conversion

Limits: TypeAlias = tuple[float, float]  # lower and upper end of a colour scale, in the units of the quantity

DEFAULT_LIMITS: Limits = (0.0, 1.0)
DEFAULT_COLORMAP = "default"  # the id that stands for the quantity's own
FALLBACK_COLORMAP = "viridis"
DIVERGING_COLORMAP = "balance"
CATEGORY_COLORMAP = "seabed lithology"
MAGNITUDE_COLORMAP = "speed"
SIGNED_COLORMAP = "velocity"

# Id to display name and palette: one of cmocean's, or one of the ramps that the plotting service has.
# Every id of the old API is kept; several name the same palette.
COLORMAPS: dict[str, tuple[str, str]] = {
    "ammonium concentration": ("Ammonium Concentration", "matter"),
    "balance": ("Balance", "balance"),
    "anomaly": ("Anomaly", "blue-white-red"),
    "bathymetry": ("Bathymetry", "deep"),
    "chlorophyll": ("Chlorophyll", "algae"),
    "dissolved organic nitrogen concentration": ("Dissolved Organic Nitrogen Concentration", "amp"),
    "diatoms concentration as nitrogen": ("Diatoms Concentration as Nitrogen", "algae"),
    "flagellates concentration as nitrogen": ("Flagellates Concentration as Nitrogen", "algae"),
    "freesurface": ("Sea Surface Height (Free Surface)", "balance"),
    "grey": ("Greyscale", "white-black"),
    "ice": ("Ice", "ice"),
    "iron": ("Iron", "amp"),
    "mercator_current": ("Mercator Ocean Current", "currents"),
    "mercator": ("Mercator", "rainbow"),
    "mesodinium rubrum concentration as nitrogen": ("Mesodinium rubrum Concentration as Nitrogen", "algae"),
    "mesozooplankton concentration as nitrogen": ("Mesozooplankton Concentration as Nitrogen", "algae"),
    "microzooplankton concentration as nitrogen": ("Microzooplankton Concentration as Nitrogen", "algae"),
    "nitrate": ("Nitrate", "sand-green"),
    "nitrate concentration": ("Nitrate Concentration", "tempo"),
    "oxygen": ("Oxygen", "oxy"),
    "particulate organic nitrogen concentration": ("Particulate Organic Nitrogen Concentration", "amp"),
    "phosphate": ("Phosphate", "cream-purple"),
    "phytoplankton": ("Phytoplankton", "green-cream"),
    "potential sub surface channel": ("Potential Sub-Surface Channel", "grey-teal"),
    "seabed lithology": ("Seabed Lithology", "distinct"),
    "salinity": ("Salinity", "haline"),
    "silicate": ("Silicate", "white-blue"),
    "silicon concentration": ("Silicon Concentration", "turbid"),
    "biogenic silicon concentration": ("Biogenic Silicon Concentration", "turbid"),
    "speed": ("Speed", "speed"),
    "speed of current": ("Speed of Current", "speed"),
    "temperature": ("Temperature", "blue-cream-red"),
    "velocity": ("Velocity", "delta"),
    "eastward current": ("Eastward Current", "delta"),
    "northward current": ("Northward Current", "delta"),
    "waveheight": ("Wave Height", "amp"),
    "waveperiod": ("Wave Period", "tempo"),
    "thermal": ("Thermal", "thermal"),
    "neo_sst": ("NEO SST", "indigo-yellow"),
    "BuYlRd": ("Color Brewer Blue-Yellow-Red", "blue-yellow-red"),
    "temperature-old": ("Temperature (old)", "blue-white-red"),
    "vorticity": ("Vorticity", "curl"),
    "density": ("Density", "dense"),
    "deep": ("Deep", "deep"),
    "direction": ("Direction", "phase"),
    "topography": ("Topography", "topo"),
    "viridis": ("Viridis", "viridis"),
}
_COLORMAP_BY_NAME = {colormap.lower(): colormap for colormap in COLORMAPS}
# Those whose middle stands for zero.
DIVERGING_COLORMAPS = {
    *("balance", "anomaly", "freesurface", "topography", "velocity", "eastward current", "northward current"),
    "vorticity",
}


class Quantity(NamedTuple):
    """Colours of a quantity, and how it is recognized."""

    colormap: str
    units: str  # what its units can be converted to; empty: any
    standard_name: str  # pattern of the whole
    words: str  # pattern within a name in lower case with single blanks
    logarithmic: bool = False


_NONE = r"(?!)"  # matches nothing
# The first that fits counts.
QUANTITIES = (
    Quantity("density", "kg m-3", r"sea_water_(potential_|neutral_)?density|sea_water_(potential_)?sigma_.*",
             r"\bdensity|\bsigma (theta|t|\d)\b"),
    Quantity("freesurface", "m", r"(sea|water)_surface_(height|elevation)(_above_.*)?",
             r"free surface|(sea|water) surface topography|surface (height|elevation)|\bsea level|\bss[ha]\b|\bsla\b"
             r"|dynamic topography|\bsurge|\btid(e|al) (height|elevation)"),
    Quantity("balance", "", r".*_anomaly|.*_bias", r"\banomal(y|ies)\b|\bdifference\b|\bbias\b|\bincrements?\b"),
    Quantity("waveheight", "m", r"sea_surface_.*wave.*_height.*",
             r"\b(wave|swell)s? .*height|height of .*(wave|swell)"),
    Quantity("waveperiod", "s", r"sea_surface_.*wave.*_period.*", r"\bperiod\b"),
    Quantity("direction", "degree", r".*_(from|to)_direction(_.*)?|direction_of_.*|.*_azimuth_angle",
             r"\bdirection\b|\bbearing\b|\bheading\b|\bazimuth\b"),
    Quantity("speed", "m s-1", r"(.*_)?speed(_.*)?", r"\bspeed\b|\bvitesse\b"),
    Quantity("eastward current", "m s-1", r"eastward_sea_water_velocity", _NONE),
    Quantity("northward current", "m s-1", r"northward_sea_water_velocity", _NONE),
    Quantity("velocity", "m s-1", r".*velocity(_.*)?|.*_wind",
             r"velocit|\bcurrents?\b|\bwinds?\b|momentum|\b(east|north)ward\b|\b[uvw] component|\bzonal\b"
             r"|\bmeridional\b"),
    Quantity("speed", "", _NONE, r"^magnitude of\b"),
    Quantity("ice", "", r"(sea|land)_ice_.*",
             r"^(sea )?ice( in .*)?$|\bice (area|concentration|cover(age)?|extent|fraction|mass|thickness|volume"
             r"|temperature|salinity|age)\b|\b(area|concentration|cover(age)?|covered|extent|fraction|mass|thickness"
             r"|volume|temperature) (of|by) (sea )?ice\b"),
    Quantity("topography", "m", r"(.*_)?altitude|height_above_(geoid|mean_sea_level|reference_ellipsoid)",
             r"topograph|\belevation\b|\baltitude\b|\brelief\b|\betopo"),
    Quantity("bathymetry", "m", r"sea_floor_depth.*", r"bathymetr|\bdepth\b"),
    Quantity("vorticity", "s-1", r".*vorticity.*", r"vorticity"),
    Quantity("thermal", "K", r".*temperature.*", _NONE),
    Quantity("temperature", "K", _NONE, r"temperature|\bsst\b"),
    Quantity("thermal", "", r".*heat_.*", r"\bheat\b"),
    Quantity("salinity", "", r".*salinity.*", r"salinity"),
    Quantity("chlorophyll", "", r".*chlorophyll.*|.*primary_(production|productivity).*",
             r"chlorophyll|\bchl\b|primary (production|productivity)", logarithmic=True),
    *(Quantity(f"{name} concentration as nitrogen", "", _NONE, name, logarithmic=True)
      for name in ("diatoms", "flagellates", "mesodinium rubrum", "mesozooplankton", "microzooplankton")),
    Quantity("mesozooplankton concentration as nitrogen", "", r".*zooplankton.*", r"zooplankton", logarithmic=True),
    Quantity("phytoplankton", "", r".*phytoplankton.*", r"phytoplankton", logarithmic=True),
    *(Quantity(f"{name} concentration", "", _NONE, rf"\b{name} concentration")
      for name in ("ammonium", "dissolved organic nitrogen", "nitrate", "particulate organic nitrogen",
                   "biogenic silicon", "silicon")),
    *(Quantity(name, "", rf"mole.*_of_{name}_in_.*|mass_concentration_of_{name}_in_.*", rf"\b{name}\b")
      for name in ("nitrate", "phosphate", "silicate", "iron")),
    Quantity("oxygen", "", r".*oxygen.*", r"\boxygen\b"),
    Quantity(FALLBACK_COLORMAP, "", r".*(diffusivity|turbidity|suspended|attenuation_coefficient).*",
             r"diffusivity|turbidity|suspended|\battenuation coefficient", logarithmic=True),
)  # fmt: skip
# Of units that only one quantity has.
COLORMAP_BY_UNITS = {"K": "temperature", "PSU": "salinity"}


# By patterns of standard names and canonical units.
_USUAL_LIMITS: tuple[tuple[str, str, Limits], ...] = (
    (r"sea_surface_wave_significant_height", "m", (0, 8)),
    (r".*(sea|water|surface|potential)_.*temperature.*", "degree_C", (-2, 30)),
    (r".*(sea|water|potential)_.*temperature.*", "K", (271, 303)),
    (r"sea_(water|surface)_.*salinity|salinity", "PSU", (30, 38)),
    (r"sea_(water|surface)_.*salinity", "1e-3", (30, 38)),
    (r"sea_(water|surface)_.*salinity", "1", (30, 38)),
    (r"sea_ice_(area|fraction).*", "1", (0, 1)),
    (r"sea_ice_thickness", "m", (0, 4)),
    (r"(sea_surface|surface_sea_water)_.*(height|elevation).*", "m", (-1.5, 1.5)),
    (r".*sea_water.*velocity.*|barotropic.*velocity", "m s-1", (-1, 1)),
    (r"(x|y|eastward|northward)_wind", "m s-1", (-20, 20)),
    (r"wind_speed", "m s-1", (0, 25)),
    (r".*(from|to)_direction", "degree", (0, 360)),
)
ROBUST = (2, 98)  # percent: of automatic scales, so that no outlier takes all colours
_WIDEST = 1e4  # a valid range beyond this is a placeholder,
_TOO_WIDE = 3.0  # and so is one that is this many times as wide as the usual limits

LOGARITHMIC_SPAN = 1e-3  # lower by upper limit of a logarithmic scale whose values tell only the upper
LARGEST_LIMIT = 1e30  # between larger ones the steps of an axis overflow
NARROWEST = 1e-12  # of a scale, relative to its distance from zero: a narrower one has no distinct labels
SMALLEST_RANGE = 1e-30  # between the limits


class Scale(NamedTuple):
    """Colour scale: its limits, in the units of the quantity, and how the colours are spread between them."""

    low: float
    high: float
    logarithmic: bool = False  # `low` is above zero

    @property
    def limits(self) -> Limits:
        """Its lower and upper end."""
        return self.low, self.high

    def position(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return where values lie in the scale, 0 to 1 within it; what has no logarithm lies below the scale."""
        # In double precision: a scale may be far narrower than its distance from zero.
        numbers = np.asarray(values, dtype=np.float64)
        if not self.logarithmic:
            positions: NDArray[np.float64] = (numbers - self.low) / (self.high - self.low)
            return positions
        below = numbers < self.low
        positions = np.log(np.where(below, self.low, numbers) / self.low) / math.log(self.high / self.low)
        positions[below] = -1.0
        return positions

    def value(self, position: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values at positions in the scale, the inverse of :meth:`position`."""
        if not self.logarithmic:
            return np.asarray(self.low + (self.high - self.low) * position)
        return np.asarray(self.low * (self.high / self.low) ** position)


class Colours(NamedTuple):
    """Colours of a quantity: the id of its colormap, and whether its scales are logarithmic where they can be."""

    colormap: str
    logarithmic: bool = False

    def scale(self, limits: Limits) -> Scale:
        """Return the scale of these limits."""
        return Scale(*limits, logarithmic=self.logarithmic and limits[0] > 0)


@lru_cache(maxsize=4096)
def choose_colours(
    *,
    standard_name: str | None,
    name: str,
    units: str,
    limits: Limits = DEFAULT_LIMITS,
    zero_centered: bool = False,
    categorical: bool = False,
) -> Colours:
    """Return the colours of a quantity: by its standard name, else by the name in its configuration and its units.

    ``limits``: of its scale; an unknown quantity has a diverging colormap where they are symmetric, and what is named
    as a component of a vector has none where they are not below zero. ``zero_centered``: zero is the middle of the
    scale, as for differences; ``categorical``: the values are numbers of categories.
    """
    if categorical:
        return Colours(CATEGORY_COLORMAP)
    colours = _colours_by_standard_name(standard_name or "", units) or _colours_by_name(name, units, limits)
    if zero_centered and colours.colormap not in DIVERGING_COLORMAPS:
        return Colours(DIVERGING_COLORMAP)
    return colours


def _colours_by_standard_name(standard_name: str, units: str) -> Colours | None:
    for quantity in QUANTITIES:
        if re.fullmatch(quantity.standard_name, standard_name.lower()) and _fits_units(quantity, units):
            return Colours(quantity.colormap, quantity.logarithmic)
    return None


def _colours_by_name(name: str, units: str, limits: Limits) -> Colours:
    words = re.sub(r"[\s_-]+", " ", name.strip().lower())
    quantity = next((item for item in QUANTITIES if re.search(item.words, words) and _fits_units(item, units)), None)
    colormap = _COLORMAP_BY_NAME.get(name.lower(), quantity.colormap if quantity else None)
    if colormap is None:
        fallback = DIVERGING_COLORMAP if limits[0] == -limits[1] else FALLBACK_COLORMAP
        by_units = (row[1] for row in COLORMAP_BY_UNITS.items() if unit_conversion(units, row[0]) is not None)
        colormap = next(by_units, fallback)
    if colormap == SIGNED_COLORMAP and limits[0] >= 0:
        colormap = MAGNITUDE_COLORMAP
    return Colours(colormap, quantity is not None and quantity.logarithmic)


def _fits_units(quantity: Quantity, units: str) -> bool:
    """Return whether units are those of a quantity, or tell nothing."""
    told = bool(quantity.units) and canonical_units(units) != "1" and is_known_unit(units)
    return not told or unit_conversion(units, quantity.units) is not None


def ramp_span(colormap: str, scale: Scale) -> tuple[float, float]:
    """Return the part of a colormap, from 0 to 1, that a scale shows: the middle of a diverging one stands for zero."""
    low, high, logarithmic = scale
    if colormap not in DIVERGING_COLORMAPS or logarithmic:
        return 0.0, 1.0
    largest = max(abs(low), abs(high))
    return (0.5 if low >= 0 else 0.5 + low / largest / 2), (0.5 if high <= 0 else 0.5 + high / largest / 2)


def usual_limits(name: str, units: str) -> Limits | None:
    """Return the limits that suit a quantity of the sea, of this standard name or a long name in its spelling."""
    if "anomal" in name:
        return None
    canonical = canonical_units(units)
    fitting = (row[2] for row in _USUAL_LIMITS if row[1] == canonical and re.fullmatch(row[0], name))
    return next(fitting, None)


def choose_limits(valid_range: tuple[float, float] | None, name: str, units: str) -> Limits | None:
    """Return the limits that need no look at the values: the valid range of the file, else the usual limits.

    A valid range that is not finite, empty or far too wide is a placeholder, and ignored, as is one from zero for a
    logarithmic scale. The other arguments are those of :func:`usual_limits`. None: the values must be sampled.
    """
    usual = usual_limits(name, units)
    if valid_range is None:
        return usual
    low, high = valid_range
    plausible = math.isfinite(low) and math.isfinite(high) and low < high and max(abs(low), abs(high)) <= _WIDEST
    if not plausible or (usual and high - low > _TOO_WIDE * (usual[1] - usual[0])):
        return usual
    if low <= 0 and choose_colours(standard_name=name, name=name, units=units).logarithmic:
        return usual
    return float(low), float(high)


def suit_limits(limits: Limits, colours: Colours) -> Limits:
    """Return limits that were not chosen by anyone as the scale of these colours can have them."""
    low, high = limits
    if colours.logarithmic and low <= 0 < high:
        low = float(f"{high * LOGARITHMIC_SPAN:.12g}")
    return low, high


def sample_limits(values: NDArray[np.float64]) -> Limits:
    """Return round limits around most values of a sample: one, two or five times a power of ten.

    They are symmetric where the values lie on both sides of zero; NaN are left out.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return DEFAULT_LIMITS
    low, high = (float(limit) for limit in np.percentile(finite, ROBUST))
    if low == high:
        low, high = low - max(0.5, abs(low) * 0.1), high + max(0.5, abs(high) * 0.1)
    if low < 0 < high and min(-low, high) > 0.2 * max(-low, high):
        low, high = -max(-low, high), max(-low, high)
    if finite.min() >= -0.01 * (high - low):  # packing leaves small negative values
        low = max(0.0, low)
    power = 10 ** math.floor(math.log10((high - low) / 2))
    step = next(factor * power for factor in (1, 2, 5, 10) if (high - low) / (factor * power) <= 10)
    # Twelve digits drop the errors of binary fractions.
    return float(f"{math.floor(low / step) * step:.12g}"), float(f"{math.ceil(high / step) * step:.12g}")


def data_limits(values: NDArray[np.floating], *, zero_centered: bool = False) -> Limits | None:
    """Return the least and the greatest value, symmetric if zero is the centre; None if no value is finite."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    largest = max(abs(low), abs(high))
    return (-largest, largest) if zero_centered else (low, high)


def fit_scale(
    values: NDArray[np.floating], colours: Colours, *, zero_centered: bool = False, fallback: Limits = DEFAULT_LIMITS
) -> Scale:
    """Return the scale of most values, from 2 to 98 % of them; the ``fallback`` if no value is finite.

    Zero is the centre of a diverging colormap if values lie on both sides of it, and with ``zero_centered`` always.
    """
    finite = values[np.isfinite(values)]
    if colours.logarithmic and (finite > 0).any():
        finite = finite[finite > 0]
    if not finite.size:
        return colours.scale(fallback)
    low, high = (float(limit) for limit in np.percentile(finite, ROBUST))
    if not is_distinguishable(low, high):  # of most values; the others are outliers, or all that can be seen
        low, high = float(finite.min()), float(finite.max())
    if zero_centered or (colours.colormap in DIVERGING_COLORMAPS and low < 0 < high):
        largest = max(abs(low), abs(high))
        low, high = -largest, largest
    return colours.scale(widen_limits(low, high))


def line_limits(values: NDArray[np.floating], fallback: Limits) -> Limits:
    """Return the least and the greatest value, for the axis of a line; the ``fallback`` if no value is finite."""
    limits = data_limits(values)
    return fallback if limits is None else widen_limits(*limits)


def widen_limits(low: float, high: float) -> Limits:
    """Return limits of which values between them can be told apart: these, or wider ones around equal ones."""
    if is_distinguishable(low, high):
        return low, high
    margin = max(abs(low) * 0.01, 1e-6)
    return low - margin, high + margin


def is_distinguishable(low: float, high: float) -> bool:
    """Return whether values between two limits can be told apart: an axis neither overflows nor has equal labels."""
    largest = max(abs(low), abs(high))
    return largest <= LARGEST_LIMIT and high - low >= max(SMALLEST_RANGE, NARROWEST * largest)
