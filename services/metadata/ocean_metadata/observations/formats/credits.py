"""Whom measurements are owed to, as files say it in many ways."""

import re
from collections.abc import Mapping

from ocean_metadata.observations.records import ATTRIBUTION

ARGO = "International Argo Program"

# The names that CF, ACDD, OceanSITES, Argo and ODF have for it, in lower case; of each row the first that is told.
_PEOPLE = (
    "creator_name", "principal_investigator", "pi_name", "name of the principal investigator", "chief_scientist",
    "author",
)  # fmt: skip
_HOUSES = (
    "institution", "creator_institution", "organization", "data_assembly_center",
    "data centre in charge of float data processing", "data_centre",
)  # fmt: skip
_ELSE = ("citation", "acknowledgement", "acknowledgment", "publisher_name", "references")
_NOBODY = {"", "unknown", "none", "n/a", "na", "null", "-", "not available", "not applicable"}

# Of Argo's reference table 4: the centres that send floats.
_CENTRES = {
    "AO": "AOML", "BO": "BODC", "CI": "IOS", "CS": "CSIRO", "GE": "BSH", "HZ": "CSIO", "IF": "Ifremer", "IN": "INCOIS",
    "JA": "JMA", "JM": "JAMSTEC", "KM": "KMA", "KO": "KORDI", "MB": "MBARI", "ME": "MEDS", "NA": "NAVO", "NM": "NMDIS",
    "PM": "PMEL", "SI": "Scripps Institution of Oceanography", "UW": "University of Washington",
    "WH": "Woods Hole Oceanographic Institution",
}  # fmt: skip

_LICENCE = re.compile(r"\bCC0\b|\b(?:CC|ODC|OGL|NLOD)[- ]?(?:[A-Z]{2,4}[- ]?)*\d(?:\.\d)?\b|\bNLOD\b|\bOGL\b")
_LONGEST = 200  # characters: it goes beneath figures


def attribution(told: Mapping[str, object], *, argo: bool = False) -> str:
    """People, their institution and a licence that has a short name; empty where nobody is told of."""
    names = {key.casefold().replace("_", " "): " ".join(str(text).split()) for key, text in told.items()}
    house = _first(names, _HOUSES)
    makers = [_first(names, _PEOPLE), _CENTRES.get(house, house) if argo else house, ARGO if argo else ""]
    found = ", ".join(dict.fromkeys(filter(None, makers))) or _first(names, _ELSE)
    licence = _LICENCE.search(names.get("license", ""))
    whole = f"{found} ({licence[0]})" if found and licence else found
    return whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - 1].rstrip()}…"


def credited(told: Mapping[str, str], credit: str) -> dict[str, str]:
    """The metadata of a platform with whom it is owed to, where that is known."""
    return {**told, ATTRIBUTION: credit} if credit else dict(told)


def _first(names: Mapping[str, str], keys: tuple[str, ...]) -> str:
    told = (names.get(key.replace("_", " "), "") for key in keys)
    return next((text for text in told if text.casefold() not in _NOBODY), "")
