"""What the names of Class 4 files and profiles say."""

import re
from datetime import date
from typing import NamedTuple, get_args

from ocean_common.contracts.class4 import Class4Kind
from ocean_common.errors import InvalidRequest, NotFound

KINDS: tuple[Class4Kind, ...] = get_args(Class4Kind)
_FILE = re.compile(r"class4_(\d{8})_([^_]+)(?:_(.+))?_profile\.nc", re.ASCII)
_PROFILE = re.compile(r"(class4_\d{8}_.+_profile)(?:[_/](\d{1,9}))?", re.ASCII)


class FileName(NamedTuple):
    """`class4_20200101_GIOPS_CONCEPTS_2.3_profile.nc`, taken apart."""

    id: str
    day: str  # YYYY-MM-DD
    model: str
    version: str  # empty where there is none


class ProfileId(NamedTuple):
    """A file, and an index in it where one is told."""

    file: str
    number: int | None  # its index


def file_name(name: str) -> FileName | None:
    """Take the name of a file apart; None where it is not one of Class 4."""
    match = _FILE.fullmatch(name)
    if not match:
        return None
    day, model, version = match.groups("")
    try:
        when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return None
    return FileName(name.removesuffix(".nc"), when.isoformat(), model, version)


def profile_id(text: str) -> ProfileId:
    """Understand `file`, `file_index` or `file/index`, or NotFound."""
    match = _PROFILE.fullmatch(text)
    if not match:
        raise NotFound("there is no Class 4 file {text!r}; /api/v2.0/class4 lists them", text=text[:80], field="id")
    return ProfileId(match[1], int(match[2]) if match[2] else None)


def kind_of(text: str) -> Class4Kind:
    """One of the two kinds, or NotFound."""
    for kind in KINDS:
        if text == kind:
            return kind
    raise NotFound(
        "there is no kind {text!r} of Class 4; there are {kinds}",
        text=text[:80],
        kinds=" and ".join(KINDS),
        field="class4_type",
        allowed=KINDS,
    )


def several(text: str, field: str, most: int) -> list[str]:
    """A list with commas; InvalidRequest where it is too long."""
    found = [one for one in text.split(",") if one]
    if len(found) > most:
        raise InvalidRequest(
            "{count} of {name} were asked for; at most {limit} are answered",
            count=len(found),
            name=field,
            limit=most,
            field=field,
        )
    return found
