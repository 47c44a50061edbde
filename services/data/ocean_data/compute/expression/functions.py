"""How each function is done: of the values of its arguments, (step, depth, cell) each."""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any, Protocol

import numpy as np

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_core import seawater
from ocean_core.errors import InvalidRequest
from ocean_core.expression import Call, Name, Node
from ocean_core.geometry import Floats
from ocean_core.seawater import SeaWater
from ocean_core.vectors import Axis
from ocean_data.compute import derivatives, vectors
from ocean_data.compute.expression.names import subject
from ocean_data.compute.expression.place import Place, beside

SPEED: Callable[[SeaWater], Floats] = operator.attrgetter("sound_speed")
PROPERTIES = {
    "sspeed": "sound_speed",
    "density": "density",
    "heatcap": "heat_capacity",
    "tempgradient": "adiabatic_lapse_rate",
    "oxygensaturation": "oxygen_solubility",
    "nitrogensaturation": "nitrogen_solubility",
}
CHANNELS: dict[str, Callable[..., Floats]] = {
    "soniclayerdepth": seawater.sonic_layer_depth,
    "deepsoundchannel": seawater.deep_sound_channel,
    "deepsoundchannelbottom": seawater.channel_bottom,
    "depthexcess": seawater.depth_excess,
    "potentialsubsurfacechannel": seawater.subsurface_channel,
}
STILL = 1e-5  # m/s: a current slower than this in both components has no direction


class Values(Protocol):
    """Who evaluates the arguments."""

    @property
    def place(self) -> Place:
        """Where."""

    @property
    def operands(self) -> dict[str, Assets]:
        """The variables in the equation."""

    def value(self, node: Node, *, whole: bool = False) -> Floats:
        """The values of a part of an equation; with ``whole``, of all levels."""

    def at(self, place: Place) -> "Values":
        """The same elsewhere."""


Calling = Callable[[Values, Call, bool], Floats]  # with whether the arguments are whole columns


def bearing(north: Floats, east: Floats) -> Floats:
    """Where vectors point to: degrees clockwise from north, 0 up to 360; NaN where they are nearly zero."""
    still = (np.abs(north) < STILL) & (np.abs(east) < STILL)
    return np.where(still, np.nan, np.mod(np.degrees(np.arctan2(east, north)), 360.0))


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "ln": np.log,
    "log": np.log10,
    "log2": np.log2,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "magnitude": np.hypot,
    "bearing": bearing,
}


def _elementwise(function: Callable[..., Any]) -> Calling:
    def call(values: Values, node: Call, whole: bool) -> Floats:
        result: Floats = function(*(values.value(argument, whole=whole) for argument in node.arguments))
        return result

    return call


def _extreme(of_two: np.ufunc, of_column: np.ufunc) -> Calling:
    """The extreme of several values in each cell; of one value, that of the column, whose land is left out."""

    def call(values: Values, node: Call, whole: bool) -> Floats:
        arguments = [values.value(argument, whole=whole) for argument in node.arguments]
        extreme: Floats = (
            reduce(of_two, arguments) if len(arguments) > 1 else of_column.reduce(arguments[0], axis=1, keepdims=True)
        )
        return extreme

    return call


def _property(function: Callable[[SeaWater], Floats]) -> Calling:
    def call(values: Values, node: Call, whole: bool) -> Floats:
        return _of_water(function, values, node, whole=whole)

    return call


def _of_water(function: Callable[[SeaWater], Floats], values: Values, node: Call, *, whole: bool) -> Floats:
    """A property of the wet cells; the arguments end with temperature and salinity, and may begin with the place."""
    arguments = node.arguments[:4]
    values_of_arguments = [values.value(argument, whole=whole) for argument in arguments]
    subjects = [subject(argument, values.operands) for argument in arguments[-2:]]
    warm = seawater.to_celsius(values_of_arguments[-2], _unit(arguments[-2], subjects[0]))
    salt = seawater.to_grams_per_kilogram(values_of_arguments[-1], _unit(arguments[-1], subjects[1]))
    latitude, longitude = (centre[np.newaxis, np.newaxis] for centre in values.place.centres())
    depth = values.place.depths(whole=whole)
    if len(arguments) == 4:
        depth, latitude = values_of_arguments[0], values_of_arguments[1]
    depth, latitude, longitude, warm, salt = np.broadcast_arrays(depth, latitude, longitude, warm, salt)
    wet = np.isfinite(warm) & np.isfinite(salt)
    names = [one.variable.standard_name or "" if one else "" for one in subjects]
    water = SeaWater(
        temperature=warm[wet],
        salinity=salt[wet],
        depth=depth[wet],
        latitude=latitude[wet],
        longitude=longitude[wet],
        temperature_kind=seawater.TEMPERATURES.get(names[0], "potential"),
        salinity_kind=seawater.SALINITIES.get(names[1], "practical"),
    )
    out = np.full(wet.shape, np.nan)
    out[wet] = function(water)
    return out


def _unit(node: Node, named: Assets | None) -> str:
    """Return the unit of an argument that is a variable; who calculates with one knows its unit."""
    return named.variable.units if named and isinstance(node, Name) else ""


def _channel(function: Callable[..., Floats]) -> Calling:
    """A function of the speed of sound along columns, from the surface down."""

    def call(values: Values, node: Call, whole: bool) -> Floats:
        speed = _of_water(SPEED, values, node, whole=whole)
        rest = [values.value(argument, whole=whole) for argument in node.arguments[4:]]
        number = node.function == "potentialsubsurfacechannel"
        if rest and not number:
            if rest[0].shape[1] > 1:
                raise InvalidRequest(
                    "the bathymetry of {function} has no depth axis; make one value of it, as max([name])",
                    function=node.function,
                    field="expression",
                )
            speed = np.broadcast_to(speed, np.broadcast_shapes(speed.shape, rest[0].shape))
        depth = np.broadcast_to(values.value(node.arguments[0], whole=whole), speed.shape)
        steps, levels, cells = speed.shape
        speed, depth = (np.moveaxis(part, 1, 2).reshape(-1, levels) for part in (speed, depth))
        if not (np.diff(depth, axis=1) >= 0).all():
            order = np.argsort(depth, axis=1)
            speed, depth = (np.take_along_axis(part, order, axis=1) for part in (speed, depth))
        more = [_number(part) if number else np.broadcast_to(part, (steps, 1, cells)).ravel() for part in rest]
        result = function(np.ascontiguousarray(depth), np.ascontiguousarray(speed), *more)
        return result.reshape(steps, 1, cells)

    return call


def _number(values: Floats) -> Any:
    if values.size != 1:
        raise InvalidRequest(
            "the cutoff frequency of potentialsubsurfacechannel is a number, in Hz", field="expression"
        )
    return float(values.item())


def _around(values: Values) -> tuple[Values, derivatives.Neighbourhood]:
    """The cells and those beside them, and how these lie."""
    place = values.place
    wider = place.at(place.where.wider(place.grid.shape))
    cells = place.where.flat
    neighbourhood = derivatives.neighbourhood(
        wider.where.find(cells), wider.where.find(beside(cells, place.grid.shape)), *wider.centres()
    )
    return values.at(wider), neighbourhood


def _whole_cells(field: Floats, near: Values) -> Floats:
    """A field at every cell around, whatever it depends on."""
    return np.broadcast_to(field, (*field.shape[:2], near.place.where.flat.size)) if field.shape[2] == 1 else field


def _slope(part: int, function: Callable[..., tuple[Floats, Floats]]) -> Calling:
    def call(values: Values, node: Call, whole: bool) -> Floats:
        wider, near = _around(values)
        return function(_whole_cells(wider.value(node.arguments[0], whole=whole), wider), near)[part]

    return call


def _of_current(function: Callable[..., Floats]) -> Calling:
    def call(values: Values, node: Call, whole: bool) -> Floats:
        wider, near = _around(values)
        return function(_in_space(wider, node, whole=whole), near)

    return call


def _in_space(values: Values, node: Call, *, whole: bool) -> Floats:
    """A current as vectors in space: (3, step, depth, cell)."""
    place = values.place
    infos = [_info(subject(one, values.operands)) for one in node.arguments[:2]]
    axes: tuple[Axis, Axis] = ("x", "y")
    if infos[0] is not None and infos[1] is not None:
        axes = vectors.axes(infos[0], infos[1])
    cells = place.where.flat.astype(np.int32)
    total: Floats = np.zeros((3, 1, 1, 1))
    for argument, axis in zip(node.arguments[:2], axes, strict=True):
        component = _whole_cells(values.value(argument, whole=whole), values)
        along = place.grid.directions(cells, axis)
        total = total + component * along.T[:, np.newaxis, np.newaxis, :]
    return total


def _info(named: Assets | None) -> VariableInfo | None:
    return named.variable if named else None


def _unstaggered_speed(values: Values, node: Call, whole: bool) -> Floats:
    """The speed at the centre of each cell of an Arakawa C grid: u is on its right side, v on its upper one."""
    place = values.place
    wider = place.at(place.where.wider(place.grid.shape))
    cells = place.where.flat
    sides = beside(cells, place.grid.shape)
    edge = np.where(cells % place.grid.shape[1] == 0, -1, sides[:, 1]), sides[:, 3]
    parts = []
    for argument, before in zip(node.arguments, edge, strict=True):
        field = _whole_cells(values.at(wider).value(argument, whole=whole), values.at(wider))
        previous = np.where(before >= 0, field[..., wider.where.find(before)], np.nan)
        parts.append((field[..., wider.where.find(cells)] + previous) / 2)
    speed: Floats = np.hypot(*parts)
    return speed


CALLS: dict[str, Calling] = {
    **{name: _elementwise(function) for name, function in ELEMENTWISE.items()},
    **{name: _property(operator.attrgetter(attribute)) for name, attribute in PROPERTIES.items()},
    **{name: _channel(function) for name, function in CHANNELS.items()},
    "max": _extreme(np.maximum, np.fmax),
    "min": _extreme(np.minimum, np.fmin),
    "gradient_x": _slope(0, derivatives.gradient),
    "gradient_y": _slope(1, derivatives.gradient),
    "geostrophic_x": _slope(0, derivatives.geostrophic),
    "geostrophic_y": _slope(1, derivatives.geostrophic),
    "vorticity": _of_current(derivatives.vorticity),
    "divergence": _of_current(derivatives.divergence),
    "unstaggered_speed": _unstaggered_speed,
}
