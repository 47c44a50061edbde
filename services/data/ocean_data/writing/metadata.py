"""Metadata that several formats write: attribution, time coordinates and the reference system of the plane."""

from collections.abc import Mapping, Sequence

from pyproj import CRS

from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Field


def is_time(coordinate: Coordinate) -> bool:
    """Return True if the values are seconds since 1970-01-01 UTC."""
    return coordinate.standard_name == "time"


def attribution(extraction: Extraction) -> str | None:
    """Return the attribution of the first variable that has one."""
    return next((field.variable.attribution for field in extraction.fields if field.variable.attribution), None)


def variable_fields(extraction: Extraction) -> Sequence[Field]:
    """Return the fields that are no coordinates."""
    return [field for field in extraction.fields if not field.auxiliary]


def plane_crs(facts: Mapping[str, str | float]) -> CRS | None:
    """Return the coordinate reference system of an extraction; None for longitude and latitude."""
    text = facts.get("crs_wkt") or facts.get("crs")
    return CRS.from_user_input(text) if text else None
