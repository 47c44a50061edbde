"""Which variable is a coordinate, and of what: by CF attributes first, then by the usual names."""

import re

from ocean_common.contracts.assets import DepthKind
from ocean_core.time import parse_time_units
from ocean_core.units import length_in_metres
from ocean_metadata.index.file_header import FileHeader, VariableHeader

_POINT = r"([_-]?(rho|psi|u|v|t|f|w|c|vertical|grid_[tuvfw]))?"
_LATITUDE_UNITS = re.compile(r"degrees?_?n(orth)?", re.IGNORECASE)
_LONGITUDE_UNITS = re.compile(r"degrees?_?e(ast)?", re.IGNORECASE)
_LATITUDE_NAMES = re.compile(rf"(nav_|g)?lat(itude)?{_POINT}|gphi[tuvf]|y?lat", re.IGNORECASE)
_LONGITUDE_NAMES = re.compile(rf"(nav_|g)?lon(gitude)?{_POINT}|glam[tuvf]|x?lon", re.IGNORECASE)
_TIME_NAMES = re.compile(r"(ocean_|model_|x)?time(_counter|_centered|_instant)?|t|juld", re.IGNORECASE)
_DEPTH_NAMES = re.compile(
    r"(nav_)?(depth|lev|level)s?[tuvw]?(_?\d*)?|z|zc|zt|s[tw]_ocean|s_(rho|w)|sig(ma|lay|lev)|height\w*|altitude|k",
    re.IGNORECASE,
)
_Y_NAMES = re.compile(
    r"y|yc|yh|yq|y[tu]_ocean|eta(_\w+)?|gridy|j|nj|nlat|rlat|lat(itude)?|row|south_north", re.IGNORECASE
)
_X_NAMES = re.compile(
    r"x|xc|xh|xq|x[tu]_ocean|xi(_\w+)?|gridx|i|ni|nlon|rlon|lon(gitude)?|col|west_east", re.IGNORECASE
)

_VERTICAL = re.compile(r"(depth|height|altitude|ocean_.*coordinate.*|.*sigma.*)")
_NOT_VERTICAL = re.compile(r"sea_floor|sea_surface|model_level_number")

_METRICS = re.compile(
    r"(mask(_\w+)?|\w+_mask|[tuvfw]mask(util)?|(wet|dry)?_?mask\w*|e[123][tuvfw](_0)?|gdep[tuvw](_0)?|hdep[tuvw]"
    r"|gl?am[tuvf]|gphi[tuvf]|ff(_[tf])?|mbathy|angle(_\w+)?|cosang|sinang|cos_?alpha|sin_?alpha|alpha|pm|pn|d[xy][tuvc]?|f|dndx|dmde"
    r"|wet_(nodes|cells)(_prev_int)?|(grid_)?area|cell_area|nbe|nbsn|nbve|ntsn|ntve|art\d|aw0|awx|awy|a[12]u)",
    re.IGNORECASE,
)
_METRIC_MEANINGS = re.compile(
    r"area_type|(land|sea)_(area_)?(binary_)?mask.*|land_sea_mask.*|cell_(area|thickness)|grid_angle.*"
    r"|angle_of_rotation.*|status_flag|.*_flag"
)


def is_latitude(one: VariableHeader) -> bool:
    """Degrees north: by standard name, units or name."""
    return _is_place(one, "latitude", _LATITUDE_UNITS, _LATITUDE_NAMES)


def is_longitude(one: VariableHeader) -> bool:
    """Degrees east: by standard name, units or name."""
    return _is_place(one, "longitude", _LONGITUDE_UNITS, _LONGITUDE_NAMES)


def _is_place(one: VariableHeader, meaning: str, units: re.Pattern[str], names: re.Pattern[str]) -> bool:
    if not one.numeric:
        return False
    if one.text("standard_name") == meaning or units.fullmatch(one.text("units")):
        return True
    foreign = one.text("units").lower().startswith(("m", "km", "count"))
    return names.fullmatch(one.name) is not None and not foreign and one.text("standard_name") in {"", meaning}


def is_time(one: VariableHeader) -> bool:
    """An instant of which the fields are, not when they were made."""
    if not one.numeric or one.text("standard_name") not in {"", "time"}:
        return False
    if one.text("standard_name") == "time" or one.text("axis").upper() == "T":
        return True
    if len(one.dimensions) > 1:  # t may be the temperature
        return False
    return _TIME_NAMES.fullmatch(one.name) is not None or (
        parse_time_units(one.text("units")) is not None and one.name in one.dimensions
    )


def is_vertical(one: VariableHeader) -> bool:
    """A level: depth, height, sigma or anything with an up and a down."""
    if not one.numeric:
        return False
    meaning = one.text("standard_name")
    if one.text("axis").upper() == "Z" or (_VERTICAL.fullmatch(meaning) and not _NOT_VERTICAL.search(meaning)):
        return True
    if one.name in one.dimensions and one.text("positive").lower() in {"up", "down"}:
        return True
    return _DEPTH_NAMES.fullmatch(one.name) is not None and one.name in one.dimensions


def depth_kind(one: VariableHeader | None) -> DepthKind:
    """What the values of a vertical coordinate are."""
    if one is None:
        return "index"
    meaning, units = one.text("standard_name"), one.text("units")
    if "sigma" in meaning or "s_coordinate" in meaning or re.match(r"s_(rho|w)|sig(ma|lay|lev)", one.name):
        return "sigma"
    if length_in_metres(units) is None:
        return "depth" if not units and re.match(r"(nav_)?(depth|lev)|z", one.name, re.IGNORECASE) else "index"
    up = one.text("positive").lower() == "up"
    if meaning in {"height", "altitude"} or (up and meaning != "depth") or one.name.startswith(("height", "alt")):
        return "height"
    return "depth"


def is_metric(one: VariableHeader) -> bool:
    """Part of the grid's own description: masks, angles, cell sizes."""
    if _METRIC_MEANINGS.fullmatch(one.text("standard_name").lower()):
        return True
    return _METRICS.fullmatch(one.name) is not None and not one.text("standard_name").startswith("sea_")


def named_role(dimension: str) -> str:
    """What a dimension without a coordinate variable is, by its name."""
    table = (("time", _TIME_NAMES), ("y", _Y_NAMES), ("x", _X_NAMES), ("depth", _DEPTH_NAMES))
    return next((role for role, names in table if names.fullmatch(dimension)), "other")


def referenced(header: FileHeader) -> set[str]:
    """Names that other variables point to as bounds, coordinates, mappings, meshes or formula terms."""
    found: set[str] = set()
    for one in header.variables.values():
        for attribute in ("bounds", "climatology", "coordinates", "grid_mapping", "edges"):
            found.update(one.text(attribute).split())
        if one.text("cf_role") == "mesh_topology":
            found.update(word for value in one.attributes.values() if isinstance(value, str) for word in value.split())
        # Formula terms point to fields as well (sea surface height, bathymetry): these stay data.
    return found
