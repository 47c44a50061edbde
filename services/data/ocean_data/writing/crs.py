"""The plane of a grid, as the formats tell it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyproj import CRS

FACTS = {"crs", "crs_wkt"}


def stated(facts: Mapping[str, str | float]) -> CRS | None:
    """The coordinate reference system that an extraction tells; None: longitude and latitude."""
    told = facts.get("crs_wkt") or facts.get("crs")
    return CRS.from_user_input(told) if told else None


def grid_mapping(facts: Mapping[str, str | float]) -> dict[str, Any] | None:
    """CF attributes of a grid mapping; None where no plane is told."""
    crs = stated(facts)
    if crs is None:
        return None
    told = crs.to_cf().items()
    return {key: np.array(value, dtype=np.float64) if isinstance(value, list) else value for key, value in told}
