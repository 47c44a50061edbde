"""The colormaps by id, and which one a variable gets.

A colormap is either one of cmocean's, or a ramp through control points of our own. Every id of the old API is
kept; several name the same colours.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.errors import InvalidRequest

DEFAULT = "default"
LAST_RESORT = "mercator"
DIVERGING = "balance"
CATEGORIES = "seabed lithology"
MAGNITUDE = "speed"  # of two components
MIDDLED = {"velocity", "eastward current", "northward current"}  # light in the middle: for both directions

# id: (display name, where its colours come from: one of cmocean's maps, or of RAMPS)
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

# Evenly spaced control points, from the lowest value to the highest.
RAMPS: dict[str, str] = {
    "blue-white-red": "08124f 1f3fae 5f8be0 b9d0f5 f7f7f7 f6c3b7 e07a63 b02a2c 5c0b17",
    "blue-cream-red": "1c2f6f 2f62ac 4f97c4 8fc5d2 d3e6d5 fbf0c2 f9cf83 ef9a55 d65f3c a92a33 6b1029",
    "blue-yellow-red": "313695 4f7fbc 86bdd9 c4e5ee fffdbf fdd484 f99254 e04a35 a50026",
    "cream-purple": "fdf6e3 f2dcd0 e1b8c6 c78fbd a069b0 734b9b 46307c 211a4d",
    "currents": "eaf6fc b5dcf0 6fb8df 3f8fc0 45a56a 9ecb4c f2e25a f2a541 e0622f bb2525 7c1016",
    "green-cream": "0b3b2e 1d6a4f 4a9a6c 8cc389 cbe3ae f7f7d9",
    "grey-teal": "e3e3e3 9fc4c3 4f9d9b 0f6a6d",
    "indigo-yellow": "20124d 3a2b8f 3560b8 2d97bd 4cc0a0 a0da74 e8e25a fbb93f f27a2e c43a2b",
    "rainbow": "1d2f6f 1f5fc4 3f97ec 5fc9ee 4fdcc0 46c46a 86cc3d d9de3f fbc335 f58a2c e04a26 b01c20 6e0d14",
    "sand-green": "f8f1dc dfd9a8 b3c382 7aaa70 45896a 1f6562 123f4c",
    "white-black": "ffffff 000000",
    "white-blue": "ffffff 57a6bd",
}

# Distinct colours for categories, never mixed.
LISTS: dict[str, str] = {
    "distinct": "4477aa ee6677 228833 ccbb44 66ccee aa3377 bbbbbb 44aa99 882255 999933 332288 cc6677",
}

BY_STANDARD_NAME: dict[str, str] = {
    "sea_water_temperature": "thermal",
    "sea_water_potential_temperature": "thermal",
    "sea_water_conservative_temperature": "thermal",
    "sea_surface_temperature": "thermal",
    "surface_temperature": "thermal",
    "sea_surface_skin_temperature": "thermal",
    "sea_surface_foundation_temperature": "thermal",
    "sea_ice_temperature": "ice",
    "sea_water_salinity": "salinity",
    "sea_water_practical_salinity": "salinity",
    "sea_water_absolute_salinity": "salinity",
    "sea_surface_salinity": "salinity",
    "sea_water_speed": "speed",
    "sea_water_x_velocity": "velocity",
    "sea_water_y_velocity": "velocity",
    "eastward_sea_water_velocity": "eastward current",
    "northward_sea_water_velocity": "northward current",
    "sea_surface_height_above_geoid": "freesurface",
    "sea_surface_height_above_sea_level": "freesurface",
    "sea_surface_height": "freesurface",
    "sea_surface_elevation": "freesurface",
    "sea_floor_depth": "bathymetry",
    "sea_floor_depth_below_geoid": "bathymetry",
    "sea_floor_depth_below_sea_level": "bathymetry",
    "sea_ice_area_fraction": "ice",
    "sea_ice_thickness": "ice",
    "sea_water_potential_density": "density",
    "sea_water_density": "density",
    "sea_water_sigma_theta": "density",
    "ocean_relative_vorticity": "vorticity",
    "mass_concentration_of_chlorophyll_in_sea_water": "chlorophyll",
    "mass_concentration_of_chlorophyll_a_in_sea_water": "chlorophyll",
    "mole_concentration_of_nitrate_in_sea_water": "nitrate",
    "mole_concentration_of_phosphate_in_sea_water": "phosphate",
    "mole_concentration_of_silicate_in_sea_water": "silicate",
    "mole_concentration_of_dissolved_molecular_oxygen_in_sea_water": "oxygen",
    "sea_surface_wave_significant_height": "waveheight",
    "sea_surface_wave_mean_period": "waveperiod",
}

# Words of display names, in the order in which they are tried; an id that is in the name comes first.
BY_WORD: dict[str, str] = {
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


def known(asked: str | None) -> str | None:
    """Read the id of a colormap; None: the variable's own.

    Raises
    ------
    InvalidRequest
        There is no colormap of this id.
    """
    if asked and asked != DEFAULT:
        if asked not in COLORMAPS:
            raise InvalidRequest(
                "there is no colormap {requested!r}; see /api/v2.0/plot/colormaps",
                requested=asked[:60],
                field="colormap",
                allowed=COLORMAPS,
            )
        return asked
    return None


def choose(info: VariableInfo, asked: str | None = None) -> str:
    """Pick the colormap of a variable: the one asked for, or by what the variable is.

    Raises
    ------
    InvalidRequest
        There is no colormap of the id that was asked for.
    """
    if (wanted := known(asked)) is not None:
        return wanted
    if info.categories:
        return CATEGORIES
    if "," in info.key:
        return MAGNITUDE
    if (standard := BY_STANDARD_NAME.get(info.standard_name or "")) is not None:
        return standard
    if info.zero_centered:
        return DIVERGING
    named = _by_name(info.name.lower())
    return MAGNITUDE if named in MIDDLED and info.scale[0] >= 0 else named


@lru_cache
def _by_name(name: str) -> str:
    ids = {known.lower(): known for known in COLORMAPS}
    if name in ids:
        return ids[name]
    # The longest first: "speed of current" says more than "speed".
    inside = [
        known for known in sorted(ids, key=len, reverse=True) if known in name.split() or f" {known} " in f" {name} "
    ]
    worded = [colormap for word, colormap in BY_WORD.items() if word in name]
    return next(iter([*(ids[known] for known in inside), *worded, LAST_RESORT]))


def ramp(points: str, number: int = 256) -> NDArray[np.uint8]:
    """Colours, shape (number, 3), through evenly spaced control points."""
    known = control_points(points)
    at = np.linspace(0, len(known) - 1, number)
    channels = [np.interp(at, np.arange(len(known)), known[:, channel]) for channel in range(3)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return colours


def control_points(text: str) -> NDArray[np.uint8]:
    """Read hexadecimal colours with blanks between, shape (n, 3)."""
    return np.array([list(bytes.fromhex(one)) for one in text.split()], dtype=np.uint8)
