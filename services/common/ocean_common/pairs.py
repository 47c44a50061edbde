"""What the magnitude of a vector is, from what its two components are: for numbers and pictures alike."""

import msgspec

from ocean_common.contracts.assets import VariableInfo


def magnitude_of(first: VariableInfo, second: VariableInfo) -> VariableInfo:
    """The components' units, a scale from zero; of velocities, the speed."""
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
