"""Colours of a quantity: its colormap, the limits of its scale, and whether zero is their centre.

Every choice goes by the standard name first, then by the display name, then by the units, so that the catalogue, the
numbers and the pictures agree. What crosses between them are ids of colormaps and limits; the colours themselves
belong to whoever draws.
"""

import math
import re
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocean_core.units import canonical_units

Limits: TypeAlias = tuple[float, float]  # lower and upper end of a colour scale, in the units of the quantity

DEFAULT_LIMITS: Limits = (0.0, 1.0)
DEFAULT_COLORMAP = "default"  # the id that stands for the quantity's own
FALLBACK_COLORMAP = "mercator"
DIVERGING_COLORMAP = "balance"
CATEGORY_COLORMAP = "seabed lithology"
MAGNITUDE_COLORMAP = "speed"
# Light in the middle, for components with two signs.
SIGNED_COLORMAPS = {"velocity", "eastward current", "northward current"}

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
}

COLORMAP_BY_STANDARD_NAME = {
    name: colormap
    for colormap, names in {
        "thermal": (
            "sea_water_temperature", "sea_water_potential_temperature", "sea_water_conservative_temperature",
            "sea_surface_temperature", "surface_temperature", "sea_surface_skin_temperature",
            "sea_surface_foundation_temperature",
        ),
        "salinity": ("sea_water_salinity", "sea_water_practical_salinity", "sea_water_absolute_salinity",
                     "sea_surface_salinity"),
        "speed": ("sea_water_speed",),
        "velocity": ("sea_water_x_velocity", "sea_water_y_velocity"),
        "eastward current": ("eastward_sea_water_velocity",),
        "northward current": ("northward_sea_water_velocity",),
        "freesurface": ("sea_surface_height_above_geoid", "sea_surface_height_above_sea_level", "sea_surface_height",
                        "sea_surface_elevation"),
        "bathymetry": ("sea_floor_depth", "sea_floor_depth_below_geoid", "sea_floor_depth_below_sea_level"),
        "ice": ("sea_ice_area_fraction", "sea_ice_thickness", "sea_ice_temperature"),
        "density": ("sea_water_potential_density", "sea_water_density", "sea_water_sigma_theta"),
        "vorticity": ("ocean_relative_vorticity",),
        "chlorophyll": ("mass_concentration_of_chlorophyll_in_sea_water",
                        "mass_concentration_of_chlorophyll_a_in_sea_water"),
        "nitrate": ("mole_concentration_of_nitrate_in_sea_water",),
        "phosphate": ("mole_concentration_of_phosphate_in_sea_water",),
        "silicate": ("mole_concentration_of_silicate_in_sea_water",),
        "oxygen": ("mole_concentration_of_dissolved_molecular_oxygen_in_sea_water",),
        "waveheight": ("sea_surface_wave_significant_height",),
        "waveperiod": ("sea_surface_wave_mean_period",),
    }.items()
    for name in names
}  # fmt: skip

# Words of display names, in the order of their trial, after the ids themselves.
COLORMAP_BY_WORD: dict[str, str] = {
    "free surface": "freesurface",
    "surface height": "freesurface",
    "surface elevation": "freesurface",
    "sea level": "freesurface",
    "wave height": "waveheight",
    "wave period": "waveperiod",
    "depth": "bathymetry",
    "vitesse": "speed",
    "current": "speed",
    "wind": "velocity",
    "heat": "thermal",
}


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
_WIDEST = 1e4  # a valid range beyond this is a placeholder,
_TOO_WIDE = 3.0  # and so is one that is this many times as wide as the usual limits

LARGEST_LIMIT = 1e30  # between larger ones the steps of an axis overflow
NARROWEST = 1e-12  # of a scale, relative to its distance from zero: a narrower one has no distinct labels
SMALLEST_RANGE = 1e-30  # between the limits


def choose_colormap(
    *,
    standard_name: str | None,
    name: str,
    limits: Limits = DEFAULT_LIMITS,
    zero_centered: bool = False,
    categorical: bool = False,
    magnitude: bool = False,
) -> str:
    """Return the id of the colormap of a quantity, by its display name where its standard name has none.

    Components of vectors get a diverging colormap only if the limits of their scale have both signs. ``zero_centered``:
    zero is the middle of the scale, as for differences; ``categorical``: the values are numbers of categories;
    ``magnitude``: they are lengths of vectors.
    """
    if categorical:
        return CATEGORY_COLORMAP
    if magnitude:
        return MAGNITUDE_COLORMAP
    if (colormap := COLORMAP_BY_STANDARD_NAME.get(standard_name or "")) is not None:
        return colormap
    if zero_centered:
        return DIVERGING_COLORMAP
    colormap = _colormap_by_name(name.lower())
    return MAGNITUDE_COLORMAP if colormap in SIGNED_COLORMAPS and limits[0] >= 0 else colormap


@lru_cache
def _colormap_by_name(name: str) -> str:
    ids = {colormap.lower(): colormap for colormap in COLORMAPS}
    if name in ids:
        return ids[name]
    # The longest id first: "speed of current" is more specific than "speed".
    for text in sorted(ids, key=len, reverse=True):
        if text in name.split() or f" {text} " in f" {name} ":
            return ids[text]
    return next((colormap for word, colormap in COLORMAP_BY_WORD.items() if word in name), FALLBACK_COLORMAP)


def usual_limits(name: str, units: str) -> Limits | None:
    """Return the limits that suit a quantity of the sea, of this standard name or a long name in its spelling."""
    canonical = canonical_units(units)
    fitting = (row[2] for row in _USUAL_LIMITS if row[1] == canonical and re.fullmatch(row[0], name))
    return next(fitting, None)


def choose_limits(valid_range: tuple[float, float] | None, name: str, units: str) -> Limits | None:
    """Return the limits that need no look at the values: the valid range of the file, else the usual limits.

    A valid range that is not finite, empty or far too wide is a placeholder, and ignored. The other arguments are those
    of :func:`usual_limits`. None: the values must be sampled.
    """
    usual = usual_limits(name, units)
    if valid_range is None:
        return usual
    low, high = valid_range
    plausible = math.isfinite(low) and math.isfinite(high) and low < high and max(abs(low), abs(high)) <= _WIDEST
    if not plausible or (usual and high - low > _TOO_WIDE * (usual[1] - usual[0])):
        return usual
    return float(low), float(high)


def sample_limits(values: NDArray[np.float64]) -> Limits:
    """Return round limits around most values of a sample: one, two or five times a power of ten.

    They are symmetric where the values lie on both sides of zero; NaN are left out.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return DEFAULT_LIMITS
    low, high = (float(limit) for limit in np.percentile(finite, (2, 98)))
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


def figure_limits(
    values: NDArray[np.floating], *, zero_centered: bool = False, fallback: Limits = DEFAULT_LIMITS
) -> Limits:
    """Return the limits of values as :func:`data_limits`, never of width zero; ``fallback`` if no value is finite."""
    limits = data_limits(values, zero_centered=zero_centered)
    if limits is None:
        return fallback
    low, high = limits
    if not low < high:
        margin = max(abs(low) * 0.01, 1e-6)
        low, high = low - margin, high + margin
    return low, high


def is_distinguishable(low: float, high: float) -> bool:
    """Return whether values between two limits can be told apart: an axis neither overflows nor has equal labels."""
    largest = max(abs(low), abs(high))
    return largest <= LARGEST_LIMIT and high - low >= max(SMALLEST_RANGE, NARROWEST * largest)
