"""Stations that a query brings with their values."""

from typing import Annotated

import msgspec
import numpy as np

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.observations import ObservedStation, ObservedValues
from ocean_common.errors import InvalidRequest, RequestTooLarge
from ocean_plotting.plots.query_common import instant, point

MOST = 20_000  # values of a quantity
DEPTHS = ("depth", "profondeur", "pressure", "pression")  # how the column of depths may be called

Values = list[float | None]


class InlineStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station with what was measured there."""

    latitude: Annotated[float, msgspec.Meta(description="degrees")]
    longitude: Annotated[float, msgspec.Meta(description="degrees")]
    time: Annotated[str, msgspec.Meta(description="ISO 8601", examples=["2016-02-05T12:00:00Z"])]
    datatypes: Annotated[
        list[str],
        msgspec.Meta(min_length=1, description="Name [unit]", examples=[["Depth [m]", "Sea water temperature [degC]"]]),
    ]
    data: Annotated[list[Values], msgspec.Meta(description="the values of each of them, from the first depth on")]
    depth: Annotated[
        Values | None, msgspec.Meta(description="m, positive down; null: one of the datatypes is the depth")
    ] = None
    station: Annotated[str | int | None, msgspec.Meta(description="its name")] = None


def read_inline(given: InlineStation, path: str) -> ObservedStation:
    """Read a station with its values.

    Raises
    ------
    InvalidRequest, RequestTooLarge
        With the member that is wrong, under ``path``.
    """
    latitude, longitude = point([given.latitude, given.longitude], path)
    if len(given.data) != len(given.datatypes):
        raise InvalidRequest(
            "{path}.data has {data_count} lists for {datatypes_count} datatypes; give one for each",
            path=path,
            data_count=len(given.data),
            datatypes_count=len(given.datatypes),
            field=f"{path}.data",
        )
    kinds = [_kind(text) for text in given.datatypes]
    depths, at = given.depth, None
    if depths is None:
        at = next((number for number, (name, _) in enumerate(kinds) if name.lower() in DEPTHS), None)
        if at is None:
            raise InvalidRequest(
                "{path} has no depths; give depth, or the datatype Depth [m]", path=path, field=f"{path}.depth"
            )
        depths = given.data[at]
    if len(depths) > MOST:
        raise RequestTooLarge(
            "{path} has {depths_count} values; at most {limit} are drawn",
            path=path,
            depths_count=len(depths),
            limit=MOST,
            field=f"{path}.data",
        )
    for number, values in enumerate(given.data):
        if len(values) != len(depths):
            raise InvalidRequest(
                "{path}.data[{number}] has {values_count} values for {depths_count} depths",
                path=path,
                number=number,
                values_count=len(values),
                depths_count=len(depths),
                field=f"{path}.data[{number}]",
            )
    return ObservedStation(
        id=0,
        name=None if given.station is None else str(given.station),
        platform=0,
        platform_type="mission",
        time=instant(given.time, f"{path}.time"),
        latitude=latitude,
        longitude=longitude,
        variables=[
            ObservedValues(key=name, name=name, units=units, depth=_array(depths), values=_array(given.data[number]))
            for number, (name, units) in enumerate(kinds)
            if number != at
        ],
    )


def _kind(text: str) -> tuple[str, str]:
    """Name and units of `Name [unit]`."""
    name, _, units = text.partition("[")
    return name.strip(), units.strip().removesuffix("]").strip()


def _array(values: Values) -> Array:
    found = np.array([np.nan if one is None else one for one in values], dtype="<f8")
    return Array(dtype="<f8", shape=found.shape, data=found.tobytes())
