"""Two components make a vector."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.errors import InvalidRequest


def keys(variable: str) -> list[str]:
    """Read the key of a variable, or with a comma those of the two components of a vector."""
    found = variable.split(",")
    if len(found) > 2 or not all(one.strip() for one in found):
        raise InvalidRequest(
            f"variable {variable[:60]!r} is neither one key nor the two of a vector, as u,v", field="variable"
        )
    return found


def magnitude(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the vectors, of the arrays' shape; NaN where a component is."""
    return np.hypot(first, second)


def describe(first: VariableInfo, second: VariableInfo) -> VariableInfo:
    """What the magnitude of two components is: their units, a scale from zero."""
    names = (first.standard_name or "", second.standard_name or "")
    speed = all("velocity" in name or name.endswith("_wind") for name in names)
    return msgspec.structs.replace(
        first,
        key=f"{first.key},{second.key}",
        name="Speed" if speed else f"Magnitude of {first.name} and {second.name}",
        standard_name="sea_water_speed" if speed and all("sea_water" in name for name in names) else None,
        long_name=None,
        scale=(0.0, max(abs(limit) for limit in (*first.scale, *second.scale))),
        zero_centered=False,
        categories=[],
    )
