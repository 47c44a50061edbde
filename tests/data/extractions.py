"""Extractions made by hand, of every kind: what the formats write."""

from dataclasses import dataclass, field

import numpy as np

from ocean_common.contracts.assets import Array, Assets, DepthAxis, Dimension, Grid, Steps, VariableInfo
from ocean_data.app import FORMATS
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Cost, Extraction, Field, read_parts
from ocean_data.writing import StreamWriter

STREAMED = [name for name, writer in FORMATS.items() if isinstance(writer, StreamWriter)]  # texts
DAY = 86_400
T, Z, P = 3, 2, 4


@dataclass
class Held:
    """A body whose values are known; it notes which rows were read."""

    values: dict
    dims: dict
    first: str | None
    seen: list = field(default_factory=list)

    def __call__(self, reading, rows):
        self.seen.append(rows)
        return {
            key: values[rows] if self.dims[key][:1] == (self.first,) else values
            for key, values in self.values.items()
            if rows.start == 0 or self.dims[key][:1] == (self.first,)
        }


def info(key, units="degC", **more):
    reported = {"name": key.title(), "scale": (0.0, 1.0), "attribution": "A centre", "revision": "r1", **more}
    return VariableInfo(dataset="made", key=key, units=units, **reported)


def assets(calendar, raw, units):
    empty = Array(dtype="<i4", shape=(0,), data=b"")
    held = Array(dtype="<i8", shape=raw.shape, data=raw.astype("<i8").tobytes())
    return Assets(
        dataset="made",
        revision="r1",
        variable=info("thetao"),
        source="thetao",
        dimensions=[Dimension(name="time", size=raw.size, role="time")],
        grid=Grid(id="g", kind="none", shape=(1,)),
        depth=DepthAxis(name="depth", kind="depth", values=[0.0]),
        files=[],
        steps=Steps(raw=held, seconds=held, file=empty, position=empty, units=units, calendar=calendar),
    )


def make_extraction(dims, coordinates, fields, *, kind="points", rows=2, facts=None, used=(), title="Made"):
    """An extraction of ``fields``: key → (dims, values, more of Field and VariableInfo)."""
    held, described = {}, []
    for key, (own, values, more) in fields.items():
        held[key] = values
        auxiliary = more.pop("auxiliary", False)
        reported = info(key, **more)
        described.append(Field(variable=reported, dims=own, dtype=values.dtype.type, auxiliary=auxiliary))
    first = next(iter(dims), None)
    return Extraction(
        kind=kind,
        dataset="made",
        title=title,
        dims=dims,
        coordinates=coordinates,
        fields=described,
        body=Held(held, {item.key: item.dims for item in described}, first),
        rows=rows,
        cost=Cost(),
        used=list(used),
        calendar=next((assets.steps.calendar for assets, _ in used if assets.steps), "standard"),
        facts={"interpolation": "nearest", **(facts or {})},
    )


def parts(extraction):
    return read_parts(extraction, None)


def written(stream, extraction, revision="r1"):
    return b"".join(stream.pieces(extraction, parts(extraction), revision))


def times(count=T, start=0):
    seconds = start + DAY * np.arange(count, dtype=np.int64)
    return Coordinate(
        name="time", dims=("time",), values=seconds, units="seconds since 1970-01-01T00:00:00Z", standard_name="time"
    )


def raw_times(values, units):
    return Coordinate(name="raw_time", dims=("time",), values=np.asarray(values, dtype=np.int64), units=units)


def depths(values=(0.5, 10.0), dims=("depth",)):
    return Coordinate(name="depth", dims=dims, values=np.array(values), units="m", standard_name="depth")


def places(dims, latitude, longitude):
    return [
        Coordinate(
            name="latitude",
            dims=dims if isinstance(dims, tuple) else (dims[0],),
            values=np.asarray(latitude, dtype=np.float64),
            units="degrees_north",
            standard_name="latitude",
        ),
        Coordinate(
            name="longitude",
            dims=dims if isinstance(dims, tuple) else (dims[1],),
            values=np.asarray(longitude, dtype=np.float64),
            units="degrees_east",
            standard_name="longitude",
        ),
    ]


def numbers(*shape, dtype=np.float32):
    """Values with one decimal; the last one is absent."""
    values = (np.arange(np.prod(shape), dtype=np.float64).reshape(shape) / 10).astype(dtype)
    values[(-1,) * len(shape)] = np.nan
    return values


def point():
    return make_extraction({}, [*places((), [47.5], [-52.5])], {"thetao": ((), np.array(1.5), {})}, kind="point")


def profile(count=1):
    return make_extraction(
        {"time": count, "depth": Z},
        [times(count), depths(), *places((), [47.5], [-52.5])],
        {"thetao": (("time", "depth"), numbers(count, Z), {"standard_name": "sea_water_temperature"})},
        kind="profile",
    )


def series():
    return make_extraction(
        {"time": T},
        [times(), depths((0.5,), ()), *places((), [47.5], [-52.5])],
        {
            "thetao": (("time",), numbers(T), {}),
            "land": ((), np.array(0.0), {"auxiliary": True, "units": "1", "categories": ["sea", "land"]}),
        },
        kind="timeseries",
    )


def points(count=T):
    dims = ("point",)
    names = Coordinate(name="name", dims=dims, values=["=A1+1", 'b,"c"', "d\ne", "été"])
    return make_extraction(
        {"time": count, "depth": Z, "point": P},
        [times(count), depths(), *places(dims, [47, 48, 49, 50], [-52, -53, 180, 200]), names],
        {
            "thetao": (("time", "depth", "point"), numbers(count, Z, P), {"standard_name": "sea_water_temperature"}),
            "zos": (("time", "point"), numbers(count, P, dtype=np.float64), {"units": "m"}),
        },
    )


def transect(count=1):
    dims = ("distance",)
    distance = Coordinate(name="distance", dims=dims, values=np.arange(P) * 1.5, units="km")
    return make_extraction(
        {"time": count, "depth": Z, "distance": P},
        [times(count), depths(), distance, *places(dims, [47, 48, 49, 50], [-52, -53, -54, -55])],
        {
            "so": (("time", "depth", "distance"), numbers(count, Z, P), {"units": "1e-3"}),
            "bathymetry": (dims, numbers(P), {"auxiliary": True, "units": "m"}),
        },
        kind="transect",
    )


def section():
    dims = ("distance",)
    return make_extraction(
        {"time": T, "distance": P},
        [times(), depths((5.0,), ()), *places(dims, [47, 48, 49, 50], [-52, -53, -54, -55])],
        {"so": (("time", "distance"), numbers(T, P), {"units": "1e-3"})},
        kind="section",
    )


def trajectory():
    dims = ("point",)
    when = Coordinate(name="time", dims=dims, values=np.arange(P) * 3600, units="s", standard_name="time")
    return make_extraction(
        {"point": P},
        [when, *places(dims, [47, 48, 49, 50], [-52, -53, -54, -55]), depths((1, 2, 3, 4.5), dims)],
        {"thetao": (dims, numbers(P), {})},
        kind="trajectory",
    )


def area(count=T, rows=2):
    return make_extraction(
        {"time": count, "latitude": 3, "longitude": 5},
        [times(count), *places(["latitude", "longitude"], [10, 11, 12], [178, 179, 180, 181, 182])],
        {"sst": (("time", "latitude", "longitude"), numbers(count, 3, 5), {"units": "K"})},
        kind="area",
        rows=rows,
    )


def curvilinear():
    dims = ("y", "x")
    latitude, longitude = np.meshgrid(np.arange(3.0), np.arange(5.0), indexing="ij")
    return make_extraction(
        {"time": T, "depth": Z, "y": 3, "x": 5},
        [times(), depths(), *places(dims, latitude, longitude)],
        {"uo": (("time", "depth", "y", "x"), numbers(T, Z, 3, 5), {"units": "m s-1"})},
        kind="area",
    )


def mapped():
    dims = ("y", "x")
    latitude, longitude = np.meshgrid(np.arange(3.0), np.arange(5.0), indexing="ij")
    plane = [
        Coordinate(
            name=name,
            dims=(name,),
            values=np.arange(size) * 1000.0,
            units="m",
            standard_name=f"projection_{name}_coordinate",
        )
        for name, size in (("y", 3), ("x", 5))
    ]
    return make_extraction(
        {"y": 3, "x": 5},
        [*plane, *places(dims, latitude, longitude)],
        {"sst": (dims, numbers(3, 5), {})},
        kind="area",
        facts={"crs": "EPSG:3857"},
    )


def mesh():
    corners = Coordinate(
        name="triangles", dims=("face", "corner"), values=np.array([[0, 1, 2], [1, 2, 3]], dtype=np.int64)
    )
    return make_extraction(
        {"time": T, "node": P, "face": 2, "corner": 3},
        [times(), *places(("node",), [1, 2, 3, 4], [5, 6, 7, 8]), corners],
        {"zeta": (("time", "node"), numbers(T, P), {"units": "m"})},
        kind="area",
    )


def levels():
    """Levels that follow the sea floor: their true depths are read."""
    dims = ("point",)
    number = Coordinate(name="level", dims=("depth",), values=np.arange(Z) * 1.0, units="1", long_name="level (s_rho)")
    return make_extraction(
        {"time": T, "depth": Z, "point": P},
        [times(), number, *places(dims, [47, 48, 49, 50], [-52, -53, -54, -55])],
        {
            "temp": (("time", "depth", "point"), numbers(T, Z, P), {}),
            "depth": (
                ("depth", "point"),
                numbers(Z, P),
                {"auxiliary": True, "units": "m", "standard_name": "depth"},
            ),
        },
    )


def two_axes():
    """Two variables, each with a depth axis of its own."""
    other = Coordinate(name="depth_2", dims=("depth_2",), values=np.array([1.0, 2.0, 3.0]), units="m")
    return make_extraction(
        {"depth": Z, "depth_2": 3, "point": P},
        [depths(), other, *places(("point",), [47, 48, 49, 50], [-52, -53, -54, -55])],
        {
            "thetao": (("depth", "point"), numbers(Z, P), {}),
            "wo": (("depth_2", "point"), numbers(3, P), {"units": "m s-1"}),
        },
        rows=2,
    )


KINDS = {
    "point": point,
    "profile": profile,
    "profiles": lambda: profile(T),
    "series": series,
    "points": points,
    "points at one time": lambda: points(1),
    "transect": transect,
    "transects": lambda: transect(T),
    "section": section,
    "trajectory": trajectory,
    "area": area,
    "curvilinear": curvilinear,
    "mapped": mapped,
    "mesh": mesh,
    "levels": levels,
    "two axes": two_axes,
}
