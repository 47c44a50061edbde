"""Completeness of the metadata in a dataset's files, by the attributes that CF and ACDD recommend.

`recommended.csv` lists those of CF 1.11 (§2.6) and ACDD 1.3, of files and of variables, with advice on their values.
"""

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Literal

import msgspec

from ocean_common.contracts.metadata import Completeness, Lacking
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.time import format_duration
from ocean_metadata.catalogue.model import DatasetRecord

Importance = Literal["high", "recommended", "suggested"]


class RecommendedAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that files or their variables should have."""

    of: Literal["files", "variables"]
    name: str
    importance: Importance
    convention: Literal["CF", "ACDD"]
    needs: Literal["", "depth", "time"]  # recommended only for data with such an axis
    catalogue_value: str  # its name among the values that the catalogue knows
    advice: str


with files(__package__).joinpath("recommended.csv").open(encoding="utf-8") as _file:
    RECOMMENDED = [msgspec.convert(row, RecommendedAttribute) for row in csv.DictReader(_file)]
WEIGHTS: dict[Importance, int] = {"high": 3, "recommended": 2, "suggested": 1}
_SPELLINGS = {"acknowledgement": ("acknowledgement", "acknowledgment")}
_CONVENTIONS = ("CF-", "ACDD-1.3")  # that the attribute should name
_RESOLUTIONS = {"hour": "PT1H", "day": "P1D", "month": "P1M", "season": "P3M", "year": "P1Y"}


def rate_completeness(record: DatasetRecord, translate: Translator = ENGLISH) -> Completeness:
    """Rate the attributes of a dataset's files; one of variables counts by the share of those that have it."""
    variables = [variable for variable in record.visible_variables if variable.equation is None]  # not calculated
    values = _catalogue_values(record)
    has_axis = {"": True, "depth": bool(record.depths), "time": record.time is not None}
    shares: dict[RecommendedAttribute, float] = {}
    missing = []
    for attribute in RECOMMENDED:
        if not has_axis[attribute.needs]:
            continue
        without: list[str] = []
        if attribute.of == "files":
            shares[attribute] = float(_has_value(record.attributes, attribute.name))
        else:
            without = [variable.key for variable in variables if not _has_value(variable.attributes, attribute.name)]
            shares[attribute] = 1 - len(without) / len(variables) if variables else 1.0
        if shares[attribute] < 1:
            value, advice = values.get(attribute.catalogue_value), translate(attribute.advice)
            missing.append(
                Lacking(
                    attribute=attribute.name,
                    variables=without,
                    importance=attribute.importance,
                    convention=attribute.convention,
                    advice=translate("{advice} Here: {value}", advice=advice, value=value) if value else advice,
                )
            )
    total = sum(WEIGHTS[attribute.importance] for attribute in shares)
    weighted = sum(WEIGHTS[attribute.importance] * share for attribute, share in shares.items())
    return Completeness(
        dataset=record.id,
        score=round(100 * weighted / total),
        present=sum(share == 1 for share in shares.values()),
        recommended=len(shares),
        missing=sorted(missing, key=lambda lacking: -WEIGHTS[lacking.importance]),
    )


def _has_value(attributes: Mapping[str, Any], name: str) -> bool:
    values = [attributes.get(spelling) for spelling in _SPELLINGS.get(name, (name,))]
    if name == "Conventions":
        return all(part in str(values[0]) for part in _CONVENTIONS)
    return any(value is not None and str(value).strip() != "" for value in values)


def _catalogue_values(record: DatasetRecord) -> dict[str, str]:
    """Return the values of attributes that the catalogue knows, so that they could be written at once."""
    values = {}
    if record.bounds is not None:
        west, south, east, north = record.bounds
        corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
        values = {"west": f"{west:g}", "south": f"{south:g}", "east": f"{east:g}", "north": f"{north:g}"}
        values["bounds"] = f"POLYGON (({', '.join(f'{y:g} {x:g}' for y, x in corners)}))"
    if record.time is not None and record.times[record.time].dated:
        axis = record.times[record.time]
        start, end = axis.period.format()
        values |= {"start": start, "end": end, "duration": format_duration(axis.last - axis.first)}
        if record.quantum in _RESOLUTIONS:
            values["resolution"] = _RESOLUTIONS[record.quantum]
    metres = [value for axis in record.depths if axis.kind in {"depth", "height"} for value in axis.values]
    if metres:
        values |= {"top": f"{min(metres):g} m", "bottom": f"{max(metres):g} m"}
    return values
