"""The Earth as a sphere: what "the nearest" means."""

import numpy as np
from numba import njit
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


def on_circle(angle: Floats) -> Floats:
    """Cosine and sine of angles, (..., 2)."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def arc(chord: Floats) -> Floats:
    """Great-circle distance (km) between points whose chord on the unit sphere is ``chord``."""
    return 2 * EARTH_RADIUS * np.arcsin(np.clip(chord / 2, 0, 1))


@njit(nogil=True, cache=True)
def across(haversine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Great-circle distance (km) of a haversine: the square of the sine of half of it."""
    sine = np.sqrt(haversine)
    if haversine > 0.01:
        return 2 * EARTH_RADIUS * np.arcsin(min(sine, 1.0))
    # Near by, five terms of the series are exact to 1e-11, and need a fifth of the time.
    h = haversine
    return 2 * EARTH_RADIUS * sine * (1 + h * (1 / 6 + h * (3 / 40 + h * (15 / 336 + h * (105 / 3456)))))


def chord(apart: Floats) -> Floats:
    """The chord on the unit sphere of great-circle distances (km), and a little more."""
    found: Floats = 2 * np.sin(np.minimum(apart / EARTH_RADIUS, np.pi) / 2) * (1 + 1e-9)
    return found


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
