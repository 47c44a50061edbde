"""Magnitude of a vector as a variable, from the variables of its two components."""

import msgspec

from ocean_common.contracts.assets import VariableInfo
from ocean_core.vectors import Component, describe_magnitude


def magnitude_info(first: VariableInfo, second: VariableInfo) -> VariableInfo:
    """Return the magnitude of two components: in their units, with a scale from zero; of velocities, the speed."""
    components = [Component(info.key, info.name, info.standard_name, info.scale) for info in (first, second)]
    key, name, standard_name, limits = describe_magnitude(*components)
    return msgspec.structs.replace(
        first,
        key=key,
        name=name,
        standard_name=standard_name,
        long_name=None,
        scale=limits,
        zero_centered=False,
        categories=[],
    )
