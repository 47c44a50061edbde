"""NetCDF files of all five forms, and zip archives of them.

They are laid out by the CF and ACDD conventions, and written by the library part by part.
"""

import math
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import netCDF4
import numpy as np
from numpy.typing import NDArray
from zipstream import ZipStream

from ocean_common.contracts.assets import VariableInfo
from ocean_core.errors import Message, RequestTooLarge
from ocean_core.packing import Encoding, InvalidPacking, read_numbers
from ocean_core.time import is_cf_time, parse_time_units, to_calendar_seconds
from ocean_data import __version__
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Field, Parts, replaced_meanwhile
from ocean_data.reading.files import LIBRARY
from ocean_data.writing import FileWriter, level_direction

Attribute = str | int | float | NDArray[Any]
Model = Literal["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_CLASSIC"]

CONVENTIONS = "CF-1.11, ACDD-1.3"
YEAR_ONE, YEAR_1950 = -62_135_596_800, -631_152_000  # s from 1970-01-01 to 0001-01-01 and to 1950-01-01
FILL = 9.969209968386869e36  # the library's own: exact in both types
CHUNK = 1 << 18  # values: a megabyte of float32
SMALL = 512  # values: fewer are not compressed, since the description of the compression is larger
LEVEL = 1  # of compression: more takes thrice the time for a twentieth of the bytes
PIECE = 1 << 20  # bytes of a file that are read at once
TEXT_LENGTH = "name_length"  # dimension of texts that are arrays of characters
# A dimension is named as the coordinate along it: that makes this a coordinate variable.
ALONG = {"y": "latitude", "x": "longitude"}
FEATURE_TYPES = {
    frozenset(): "point",
    frozenset({"time"}): "timeSeries",
    frozenset({"depth"}): "profile",
    frozenset({"time", "depth"}): "timeSeriesProfile",
}
ONE_PLACE = {"point", "profile", "timeseries"}  # kinds that are of one place if there is no dimension of points
AXES = {
    "time": "T", "latitude": "Y", "longitude": "X", "projection_y_coordinate": "Y", "projection_x_coordinate": "X",
    "depth": "Z",
}  # fmt: skip

MESH_NODES = "node"  # the dimension of a mesh of triangles
MESH_TOPOLOGY: dict[str, Attribute] = {
    "cf_role": "mesh_topology",
    "topology_dimension": 2,
    "node_coordinates": "longitude latitude",
    "face_node_connectivity": "triangles",
}
CRS_FACTS = {"crs", "crs_wkt"}

# The largest offset of a variable, and the most bytes that one variable, or one record of it, may take.
NETCDF3_LIMITS: dict[str, tuple[int, int]] = {
    "NETCDF3_CLASSIC": (2**31 - 1, 2**31 - 4),
    "NETCDF3_64BIT_OFFSET": (2**63 - 1, 2**32 - 4),
}
NETCDF3_NAMES = {"NETCDF3_CLASSIC": "NetCDF-3 classic", "NETCDF3_64BIT_OFFSET": "NetCDF-3 with 64-bit offsets"}

_UNSAFE = re.compile(r"[^A-Za-z0-9_.@+-]")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of the file."""

    name: str
    dims: tuple[str, ...]
    dtype: np.dtype[Any]  # object: texts
    attributes: dict[str, Attribute]
    values: NDArray[Any] | None = None  # None: they are read
    key: str | None = None  # of the field that is read
    encoding: Encoding | None = None  # of integers that stand for its values

    def encode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values as they are stored: packed, or with the fill value where they are not finite."""
        if self.encoding is not None:
            return self.encoding.pack(values)
        if values.dtype.kind == "f":
            values = np.where(np.isfinite(values), values, FILL)
        return values.astype(self.dtype, copy=False)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Dimensions, variables and attributes of the file."""

    dims: dict[str, int]
    first: str | None  # the dimension whose rows are read in parts
    variables: Sequence[Variable]
    attributes: dict[str, Attribute]


@dataclass
class NetCdf:
    """Writes NetCDF-3 or NetCDF-4, the latter with its own types or those of the classic model."""

    model: Model = "NETCDF4"
    media_type = "application/x-netcdf"
    suffix = "nc"

    def save(self, extraction: Extraction, parts: Parts, revision: str, path: str) -> None:
        """Write the file; the library's lock is released between parts, which are read with the same lock."""
        layout = lay_out(extraction, revision, classic=self.model != "NETCDF4")
        # In NetCDF-3 a variable with records may be larger than the format's limit, which holds for one record.
        has_records = layout.first == "time" or (self.model in NETCDF3_LIMITS and len(extraction.parts()) > 1)
        unlimited = layout.first if has_records else None
        if self.model in NETCDF3_LIMITS:
            check_netcdf3_size(layout, unlimited, self.model)
        variables = {variable.key: variable for variable in layout.variables if variable.key is not None}
        with LIBRARY:
            file = netCDF4.Dataset(path, "w", format=self.model)
        try:
            with LIBRARY:
                self._define(file, layout, unlimited, extraction.rows)
            for rows, part in parts:
                with LIBRARY:
                    for key, values in part.items():
                        variable = variables[key]
                        selection = rows if variable.dims[:1] == (layout.first,) else ...
                        file[variable.name][selection] = variable.encode(values)
        except InvalidPacking as error:
            raise replaced_meanwhile(extraction) from error
        finally:
            with LIBRARY:
                file.close()

    def _define(self, file: netCDF4.Dataset, layout: Layout, unlimited: str | None, rows: int) -> None:
        """Write dimensions, attributes, and the values that are known before anything is read."""
        file.set_fill_off()
        file.setncatts(layout.attributes)
        for name, size in layout.dims.items():
            file.createDimension(name, None if name == unlimited else size)
        defined = [(self._create(file, variable, layout, rows), variable) for variable in layout.variables]
        for created, variable in defined:
            if variable.values is not None:
                created[...] = variable.encode(variable.values)

    def _create(self, file: netCDF4.Dataset, variable: Variable, layout: Layout, rows: int) -> Any:
        is_text = variable.dtype == object
        storage: dict[str, Any] = {}
        if self.model not in NETCDF3_LIMITS and variable.dims:
            storage["chunksizes"] = chunk_shape(variable, layout, rows)
            if not is_text and math.prod(layout.dims[name] for name in variable.dims) >= SMALL:
                storage |= {"zlib": True, "complevel": LEVEL, "shuffle": True}
        created = file.createVariable(
            variable.name,
            str if is_text else variable.dtype,
            variable.dims,
            fill_value=variable.attributes.get("_FillValue"),
            **storage,
        )
        created.set_auto_maskandscale(False)
        created.set_auto_chartostring(False)
        created.setncatts({key: value for key, value in variable.attributes.items() if key != "_FillValue"})
        return created


@dataclass
class ZipArchive:
    """Writes a zip archive with one file."""

    writer: NetCdf
    name: str
    path: Callable[[], Path]  # makes the path of the file, which must be complete before it is packed
    media_type = "application/zip"
    suffix = "zip"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """Write the archive; the size of the file follows it, so nothing is sought back."""
        # NetCDF-4 files are compressed already.
        archive = ZipStream(compress_type=zipfile.ZIP_DEFLATED, compress_level=1)
        archive.add(file_pieces(self.writer, self.path(), extraction, parts, revision), self.name)
        yield from archive


def file_pieces(writer: FileWriter, path: Path, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
    """Write a temporary file, and iterate over its bytes."""
    try:
        writer.save(extraction, parts, revision, str(path))
        file = path.open("rb")
    finally:
        path.unlink(missing_ok=True)  # an open file can still be read
    with file:
        while piece := file.read(PIECE):
            yield piece


def chunk_shape(variable: Variable, layout: Layout, rows: int) -> tuple[int, ...]:
    """Return the shape of a chunk: whole along the last dimensions, and no more rows than are written together."""
    remaining, shape = CHUNK, []
    for name in reversed(variable.dims):
        most = min(layout.dims[name], rows) if name == layout.first else layout.dims[name]
        shape.append(max(1, min(most, remaining)))
        remaining = max(1, remaining // max(1, most))
    return tuple(reversed(shape))


def check_netcdf3_size(layout: Layout, unlimited: str | None, model: Model) -> None:
    """Refuse a layout for which the format has no room."""
    largest_offset, largest_size = NETCDF3_LIMITS[model]
    offset = 0
    # Records stand behind the variables without them.
    for variable in sorted(layout.variables, key=lambda variable: variable.dims[:1] == (unlimited,)):
        has_records, reason = variable.dims[:1] == (unlimited,), None
        size = math.prod(layout.dims[name] for name in variable.dims[has_records:]) * variable.dtype.itemsize
        values = {"name": variable.name, "size": size, "limit": largest_size}
        if size > largest_size and has_records:
            reason = Message("one record of {name} takes {size} bytes, and the limit is {limit}", **values)
        elif size > largest_size:
            reason = Message("{name} takes {size} bytes, and the limit is {limit}", **values)
        elif offset > largest_offset:
            reason = Message("its variables begin beyond {limit} bytes", limit=largest_offset)
        if reason is not None:
            raise RequestTooLarge(
                "this is too large for {format}: {reason}; ask for a smaller area, or for one of {formats}",
                format=NETCDF3_NAMES[model],
                reason=reason,
                formats="NETCDF3_64BIT, NETCDF4" if model == "NETCDF3_CLASSIC" else "NETCDF4",
                field="format",
            )
        offset += size


def lay_out(extraction: Extraction, revision: str, *, classic: bool) -> Layout:
    """Lay out a file; ``classic``: with the types of NetCDF-3, which have no texts and no long integers."""
    names = _dimension_names(extraction)
    coordinates = [
        _coordinate_variable(extraction, item, names) for item in extraction.coordinates if item.name != "raw_time"
    ]
    used_names = {variable.name for variable in coordinates} | set(names.values())
    fields = [_field_variable(extraction, field, names, used_names, classic=classic) for field in extraction.fields]
    auxiliary = [variable for variable, field in zip(fields, extraction.fields, strict=True) if field.auxiliary]
    scalars: dict[str, dict[str, Attribute]] = {}
    mesh = names[MESH_NODES] if extraction.coordinate("triangles") is not None else None
    if mesh is not None:
        scalars["mesh"] = MESH_TOPOLOGY
    if crs := extraction.crs:
        scalars["crs"] = {
            key: np.array(value, dtype=np.float64) if isinstance(value, list) else value
            for key, value in crs.to_cf().items()
        }
    for variable, field in zip(fields, extraction.fields, strict=True):
        if not field.auxiliary:
            # The coordinates of a variable are those that are not dimensions of their own.
            names_of_coordinates = [
                other.name
                for other in (*coordinates, *auxiliary)
                if (other.name,) != other.dims and set(other.dims) <= set(variable.dims)
            ]
            if names_of_coordinates:
                variable.attributes["coordinates"] = " ".join(names_of_coordinates)
            if crs and len(variable.dims) >= 2:
                variable.attributes["grid_mapping"] = "crs"
        if mesh and mesh in variable.dims:
            variable.attributes.update({"mesh": "mesh", "location": "node"})
    described = [
        Variable(name=name, dims=(), dtype=np.dtype("i4"), attributes=attributes, values=np.array(0, dtype="i4"))
        for name, attributes in scalars.items()
    ]
    dims = {names[name]: size for name, size in extraction.dims.items()}
    layout = Layout(
        dims=dims,
        first=next(iter(dims), None),
        variables=[*coordinates, *described, *fields],
        attributes=_global_attributes(extraction, revision),
    )
    return _with_classic_types(layout) if classic else layout


def _dimension_names(extraction: Extraction) -> dict[str, str]:
    """Return the name of each dimension in the file: that of the coordinate along it, where that name is free."""
    along = {item.name: item.dims for item in extraction.coordinates}
    result = {}
    for dim in extraction.dims:
        name = ALONG.get(dim) or dim.replace("depth", "level")
        result[dim] = _safe(name if dim not in along and along.get(name) == (dim,) else dim)
    return result


def _safe(name: str) -> str:
    """Return a name that every version of NetCDF accepts."""
    cleaned = _UNSAFE.sub("_", name)
    return cleaned if re.match(r"[A-Za-z_]", cleaned) else f"_{cleaned}"


def _text_attributes(**texts: str | None) -> dict[str, Attribute]:
    return {key: text for key, text in texts.items() if text}


def _coordinate_variable(extraction: Extraction, coordinate: Coordinate, names: dict[str, str]) -> Variable:
    name, dims = _safe(coordinate.name), tuple(names[dim] for dim in coordinate.dims)
    shape = [extraction.dims[dim] for dim in coordinate.dims]
    attributes = _text_attributes(standard_name=coordinate.standard_name, long_name=coordinate.long_name)
    if isinstance(coordinate.values, list):
        texts = np.array(coordinate.values, dtype=object).reshape(shape)
        if coordinate.name == "name":
            attributes["cf_role"] = "timeseries_id"
        return Variable(name=name, dims=dims, dtype=texts.dtype, attributes=attributes, values=texts)
    values = np.asarray(coordinate.values).reshape(shape)
    attributes |= _text_attributes(units=coordinate.units)
    if coordinate.name == "triangles":
        attributes |= {"cf_role": "face_node_connectivity", "start_index": 0}
    if coordinate.is_time:
        values, time_attributes = _time_values(extraction, values)
        attributes |= time_attributes
    axis = AXES.get(coordinate.standard_name or coordinate.name)
    if axis is None and coordinate.name.startswith(("depth", "level")):
        axis = "Z"
    if axis and dims in {(), (name,)}:
        attributes["axis"] = axis
    if axis == "Z":
        attributes["positive"] = level_direction(coordinate)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        attributes["_FillValue"] = FILL
    return Variable(name=name, dims=dims, dtype=values.dtype, attributes=attributes, values=values)


def _time_values(extraction: Extraction, seconds: NDArray[Any]) -> tuple[NDArray[Any], dict[str, Attribute]]:
    """Return times as in the files, so that the dates of every calendar are kept.

    Units that CF readers do not know (weeks, months, texts, nanoseconds) become seconds since the same reference date.
    """
    raw, calendar = extraction.coordinate("raw_time"), extraction.calendar
    if raw is not None and raw.units:
        values, units = np.asarray(raw.values).reshape(seconds.shape), parse_time_units(raw.units, calendar)
        if units is None:  # months of no year
            return values, {"units": raw.units}
        # Readers disagree on dates of the real calendars before the year 1.
        is_early = calendar in {"standard", "julian"} and bool((seconds < YEAR_ONE).any())
        if not is_early and is_cf_time(values.ravel()[:1], raw.units, calendar):
            return values, {"units": raw.units, "calendar": calendar}
        text = f"seconds since {units.epoch_text}"
        own = to_calendar_seconds(values.ravel(), units).reshape(seconds.shape) - units.epoch
        if not is_early and is_cf_time(own.ravel()[:1], text, calendar):
            return own, {"units": text, "calendar": calendar}
    epoch, text = (YEAR_ONE, "0001") if (seconds < YEAR_ONE).any() else (YEAR_1950, "1950")
    return seconds - epoch, {"units": f"seconds since {text}-01-01 00:00:00", "calendar": "proleptic_gregorian"}


def _field_variable(
    extraction: Extraction, field: Field, names: dict[str, str], used_names: set[str], *, classic: bool
) -> Variable:
    info, find = field.variable, extraction.encodings.get(field.key)
    source_encoding = find() if find else ""
    encoding = source_encoding if isinstance(source_encoding, Encoding) else None
    attributes = _text_attributes(
        standard_name=info.standard_name, long_name=info.long_name or info.name, units=info.units
    )
    if encoding is not None:
        encoding = encoding.signed if classic else encoding
        dtype = encoding.dtype
        attributes |= encoding.attributes
    else:
        dtype = np.dtype(field.dtype)
        attributes["_FillValue"] = np.array(FILL, dtype=dtype)
        if source_encoding:
            attributes["comment"] = f"not packed as in the source: {source_encoding}"
    attributes |= _flag_attributes(info, encoding, dtype)
    if field.auxiliary and field.key == "depth":
        attributes["positive"] = "down"
    name = _safe(field.key)
    name = f"{name}_value" if name in used_names else name
    used_names.add(name)
    dims = tuple(names[dim] for dim in field.dims)
    return Variable(name=name, dims=dims, dtype=dtype, attributes=attributes, key=field.key, encoding=encoding)


def _flag_attributes(info: VariableInfo, encoding: Encoding | None, dtype: np.dtype[Any]) -> dict[str, Attribute]:
    """Return the attributes of categories or flags (CF 3.5), whose values are stored as those of the variable."""
    flags: dict[str, Any] = dict(info.flags)
    if info.categories:
        numbers = np.array(info.category_numbers)
        flags = {"flag_values": numbers if encoding else numbers.astype(dtype), "flag_meanings": info.categories}
        with suppress(InvalidPacking):  # numbers of configured categories may be no packed ones
            flags["flag_values"] = encoding.pack(numbers) if encoding else flags["flag_values"]
    elif flags:  # bits are integers, whatever the values are
        kinds = {"flag_values": dtype, "flag_masks": dtype if encoding else np.dtype(np.int32)}
        flags |= {name: np.array(read_numbers(flags[name])).astype(kinds[name]) for name in kinds.keys() & flags}
    if isinstance(flags.get("flag_meanings"), list):
        flags["flag_meanings"] = " ".join(re.sub(r"[^\w.@+-]+", "_", label) for label in flags["flag_meanings"])
    return flags


def _global_attributes(extraction: Extraction, revision: str) -> dict[str, Attribute]:
    """Return the attributes of the file."""
    attributes = _text_attributes(
        Conventions=CONVENTIONS if extraction.coordinate("triangles") is None else f"{CONVENTIONS}, UGRID-1.0",
        title=extraction.title or extraction.dataset,
        id=extraction.dataset,
        source=f"dataset {extraction.dataset}",
        history=f"{extraction.kind} extracted by Ocean Navigator data {__version__}",
        acknowledgement=extraction.attribution,
        revision=revision,
        standard_name_vocabulary="CF Standard Name Table",
        featureType=_feature_type(extraction),
    )
    attributes |= {_safe(key): value for key, value in extraction.facts.items() if key not in {*CRS_FACTS, *attributes}}
    for name, stem in (("latitude", "lat"), ("longitude", "lon"), ("depth", "vertical")):
        coordinate = extraction.coordinate(name)
        if coordinate is not None and not isinstance(coordinate.values, list) and np.isfinite(coordinate.values).any():
            attributes[f"geospatial_{stem}_min"] = float(np.nanmin(coordinate.values))
            attributes[f"geospatial_{stem}_max"] = float(np.nanmax(coordinate.values))
    time = extraction.coordinate("time")
    if time is not None and time.is_time and len(time.values):
        instants = time.format_times("Z")
        seconds = np.ravel(time.values if time.dates is None else time.dates.seconds)
        attributes["time_coverage_start"] = instants[int(seconds.argmin())]
        attributes["time_coverage_end"] = instants[int(seconds.argmax())]
    return attributes


def _feature_type(extraction: Extraction) -> str | None:
    """Return the discrete sampling geometry, where the file is one."""
    dims = set(extraction.dims)
    if extraction.kind == "trajectory":
        return "trajectory"
    if dims == {"point"}:
        return "point"
    return FEATURE_TYPES.get(frozenset(dims)) if extraction.kind in ONE_PLACE else None


def _with_classic_types(layout: Layout) -> Layout:
    """Return the same layout with the types of NetCDF-3."""
    dims = dict(layout.dims)
    texts = [item.values.flat for item in layout.variables if item.values is not None and item.dtype == object]
    if lengths := [len(str(text).encode()) for flat in texts for text in flat]:
        dims[TEXT_LENGTH] = max(4, -(-max(lengths) // 4) * 4)
    variables = [_with_classic_type(variable, dims.get(TEXT_LENGTH, 0)) for variable in layout.variables]
    return replace(layout, dims=dims, variables=variables)


def _with_classic_type(variable: Variable, length: int) -> Variable:
    values, dims, attributes = variable.values, variable.dims, variable.attributes
    if values is None:
        return variable
    if values.dtype == object:
        joined = b"".join(str(text).encode().ljust(length, b"\0") for text in values.flat)
        values = np.frombuffer(joined, dtype="S1").reshape(*values.shape, length)
        dims, attributes = (*dims, TEXT_LENGTH), attributes | {"_Encoding": "utf-8"}
    elif values.dtype == np.int64:
        small = not values.size or np.abs(values).max() < 2**31
        values = values.astype("i4" if small else "f8")
    return replace(variable, dims=dims, dtype=values.dtype, values=values, attributes=attributes)
