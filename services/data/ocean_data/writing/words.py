"""What is told beside the numbers, the same in every format."""

from collections.abc import Sequence

from ocean_data.plan.extraction import Coordinate, Extraction, Field


def is_time(one: Coordinate) -> bool:
    """Whether the values are seconds since 1970-01-01 UTC."""
    return one.standard_name == "time"


def attribution(extraction: Extraction) -> str | None:
    """Whom to thank for the numbers."""
    return next((one.variable.attribution for one in extraction.fields if one.variable.attribution), None)


def answered(extraction: Extraction) -> Sequence[Field]:
    """The fields that are no coordinates."""
    return [one for one in extraction.fields if not one.auxiliary]
