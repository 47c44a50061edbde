"""The Earth as a sphere: what "the nearest" means."""

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS = 6371.0088  # km, the mean of the WGS 84 ellipsoid

Floats = NDArray[np.float64]


def unit_vectors(latitude: Floats, longitude: Floats) -> Floats:
    """Points on the unit sphere.

    Parameters
    ----------
    latitude, longitude : ndarray of float, shape (...)
        Degrees.

    Returns
    -------
    ndarray of float, shape (..., 3)
    """
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def arc(chord: Floats) -> Floats:
    """Great-circle distance (km) between points whose chord on the unit sphere is ``chord``."""
    return 2 * EARTH_RADIUS * np.arcsin(np.clip(chord / 2, 0, 1))


def chord(apart: float) -> float:
    """The chord on the unit sphere of a great-circle distance (km), and a little more."""
    return 2 * float(np.sin(min(apart / EARTH_RADIUS, np.pi) / 2)) * (1 + 1e-9)


def distance(latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats) -> Floats:
    """Great-circle distance (km) between points in degrees, by the haversine: exact for short ones too."""
    phi, other = np.radians(latitude), np.radians(other_latitude)
    haversine = (
        np.sin((other - phi) / 2) ** 2
        + np.cos(phi) * np.cos(other) * np.sin(np.radians(other_longitude - longitude) / 2) ** 2
    )
    apart: Floats = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))
    return apart


def wrap(longitude: Floats) -> Floats:
    """Longitudes as -180..180."""
    return (longitude + 180.0) % 360.0 - 180.0
