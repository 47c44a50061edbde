"""What the magnitude of a vector is, from what its two components are: for numbers and pictures alike."""

import msgspec

from ocean_common.contracts.assets import VariableInfo


def magnitude_of(first: VariableInfo, second: VariableInfo) -> VariableInfo:
    """The components' units, a scale from zero; of velocities, the speed."""
    speed = is_speed(first, second)
    in_water = all("sea_water" in name for name in _standard(first, second))
    return msgspec.structs.replace(
        first,
        key=f"{first.key},{second.key}",
        name="Speed" if speed else f"Magnitude of {first.name} and {second.name}",
        standard_name="sea_water_speed" if speed and in_water else None,
        long_name=None,
        scale=(0.0, max(abs(limit) for limit in (*first.scale, *second.scale))),
        zero_centered=False,
        categories=[],
    )


def is_speed(first: VariableInfo, second: VariableInfo) -> bool:
    """Whether two components are of a velocity, as their standard names say."""
    return all("velocity" in name or name.endswith("_wind") for name in _standard(first, second))


def _standard(first: VariableInfo, second: VariableInfo) -> tuple[str, str]:
    return first.standard_name or "", second.standard_name or ""
