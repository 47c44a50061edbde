"""How much of what CF and ACDD recommend the files of a dataset say of themselves."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ocean_common.contracts.finding import Completeness, Lacking
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.time import format_duration, format_times
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.recommended import CONVENTIONS, OF_FILES, OF_VARIABLES, SPELLINGS, WEIGHTS, Attribute
from ocean_metadata.catalogue.search_document import shown_variables

_RESOLUTION = {"hour": "PT1H", "day": "P1D", "month": "P1M", "season": "P3M", "year": "P1Y"}


def completeness(record: DatasetRecord, translate: Translator = ENGLISH) -> Completeness:
    """Score the attributes of a dataset's files.

    Parameters
    ----------
    record : DatasetRecord
        With the global attributes of its first file, and those of its variables.
    translate : Translator
        Who says the advice.

    Returns
    -------
    Completeness
        An attribute of variables counts as far as the variables have it; calculated ones have none.
    """
    read = [one for one in shown_variables(record) if one.equation is None]
    known = _known(record)
    having = {"": True, "depth": bool(record.depths), "time": record.time is not None}
    files = [one for one in OF_FILES if having[one.needs]]
    shares = {one: float(_says(record.attributes, one.name)) for one in files}
    missing = [_lacking(one, known, translate) for one in files if not shares[one]]
    for one in OF_VARIABLES:
        lack = [each.key for each in read if not _says(each.attributes, one.name)]
        shares[one] = 1 - len(lack) / len(read) if read else 1.0
        if lack:
            missing.append(_lacking(one, known, translate, lack))
    whole = sum(WEIGHTS[one.importance] for one in shares)
    return Completeness(
        dataset=record.id,
        score=round(100 * sum(WEIGHTS[one.importance] * share for one, share in shares.items()) / whole),
        present=sum(share == 1 for share in shares.values()),
        recommended=len(shares),
        missing=sorted(missing, key=lambda each: -WEIGHTS[each.importance]),
    )


def _says(attributes: Mapping[str, Any], name: str) -> bool:
    """Whether an attribute is there, and not empty."""
    values = [attributes.get(each) for each in SPELLINGS.get(name, (name,))]
    if name == "Conventions":
        return all(part in str(values[0]) for part in CONVENTIONS)
    return any(value is not None and str(value).strip() != "" for value in values)


def _lacking(
    one: Attribute, known: Mapping[str, str], translate: Translator, variables: list[str] | None = None
) -> Lacking:
    value, advice = known.get(one.known), translate(one.advice)
    return Lacking(
        attribute=one.name,
        variables=variables or [],
        importance=one.importance,
        convention=one.convention,
        advice=translate("{advice} Here: {value}", advice=advice, value=value) if value else advice,
    )


def _known(record: DatasetRecord) -> dict[str, str]:
    """What could be written at once, since the catalogue knows it."""
    found = {}
    if record.bounds is not None:
        west, south, east, north = record.bounds
        corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
        found = {"west": f"{west:g}", "south": f"{south:g}", "east": f"{east:g}", "north": f"{north:g}"}
        found["bounds"] = f"POLYGON (({', '.join(f'{y:g} {x:g}' for y, x in corners)}))"
    if record.time is not None:
        axis = record.times[record.time]
        start, end = format_times(np.array([axis.first, axis.last]))
        found |= {"start": start, "end": end, "duration": format_duration(axis.last - axis.first)}
        if record.quantum in _RESOLUTION:
            found["resolution"] = _RESOLUTION[record.quantum]
    metres = [value for one in record.depths if one.kind in {"depth", "height"} for value in one.values]
    if metres:
        found |= {"top": f"{min(metres):g} m", "bottom": f"{max(metres):g} m"}
    return found
