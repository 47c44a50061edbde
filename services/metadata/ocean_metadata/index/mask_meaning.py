"""Meaning of land masks: which number is land, and which variables have nothing to tell there."""

import re
from typing import NamedTuple

import numpy as np

from ocean_core.cells import MaskMeaning
from ocean_metadata.index.axes import is_metric
from ocean_metadata.index.flags import read_flags
from ocean_metadata.index.model import VariableHeader

POINT = "(rho|psi|[tuvfwcq])"  # at the end of a name: the point on the staggered grid


class _MaskKind(NamedTuple):
    """Masks of one meaning: their usual names, those of CF, and the number of land, or its share of a whole cell."""

    names: re.Pattern[str]
    standard_names: frozenset[str]
    land: float


_KINDS = (
    _MaskKind(
        re.compile(
            rf"(wetdry_)?mask(_{POINT})?|(ss)?[tuvfw]mask(util)?|ssmask|wet(_?mask)?(_{POINT})?"  # ROMS, NEMO, MOM
            r"|hfac[cws]|mask(in)?[cws]|mask[zuv]|mask_?[tc23]d?|wet_(nodes|cells)|fsm|d[uv]m"  # MITgcm, FVCOM, POM
            r"|(sea|ocean|water|wet)_?mask|mask_?(sea|ocean)|msk|ocean|sftof|(sea|ocean|ocn)_?frac(tion)?",
            re.IGNORECASE,
        ),
        frozenset({"sea_binary_mask", "sea_area_fraction"}),
        0.0,
    ),
    _MaskKind(
        re.compile(
            r"land_?(mask|binary_mask)?|mask_?land|xland|lsm|land_?sea_?mask|lmask|is_?land|sftlf|land_?frac(tion)?",
            re.IGNORECASE,
        ),
        frozenset({"land_binary_mask", "land_area_fraction"}),
        1.0,
    ),
)
_LAND_NAMES = _KINDS[1].names
_EITHER_MASK = {"land_sea_mask", "sea_land_mask"}  # standard names that do not tell which number is land
_PERCENT = {"%", "percent"}
_LAND = r"land|dry|ground|continent"
_SEA = r"water|sea|ocean|wet"
# "0: land, 1: sea", and "land=0, sea=1"; WRF has 2 for the sea
_NUMBER_FIRST = re.compile(rf"\b([01])\b\W*(?:is|for|means|over|on)?\W*\b({_LAND}|{_SEA})", re.IGNORECASE)
_WORD_FIRST = re.compile(rf"\b({_LAND}|{_SEA})\w*\W*(?:is|as|has)?\W*\b([01])\b", re.IGNORECASE)
_LAND_FLAG = re.compile(rf"(over_?)?({_LAND})(_?(points?|cells?|area|mask(ed)?))?|masked|inactive", re.IGNORECASE)
_SEA_FLAG = re.compile(rf"(over_?)?({_SEA})(_?(points?|cells?|area))?", re.IGNORECASE)

# Of the sea, whatever is beside it in the file; not the pressure at mean sea level, nor a height above the sea.
_OF_THE_SEA = re.compile(
    r"(?!(?<=mean.)sea.level|sea.level.pressure)(?<!above.)sea(?![rs])|ocean|salinity|^sst|^ss[hsuv]$", re.IGNORECASE
)

# Names that may mean anything else: what they hide has to look like a fill value.
_VAGUE_NAMES = {"mask", "msk", "masks", "ocean", "land", "lmask"}

# Fields of the air and of the ground have values over land.
_NOT_OF_THE_SEA = re.compile(
    r"(surface_)?(air|wind|atmosphere|(east|north)ward_wind|[xy]_wind|precipitation|rainfall|snowfall|land|soil|river"
    r"|specific_humidity|relative_humidity|dew_point|cloud|toa|surface_altitude|height_above|ground_level"
    r"|lwe_|vegetation)(_.*)?|.*(_in_air|_of_air|wind_speed.*|wind_from.*|wind_to.*)",
    re.IGNORECASE,
)
_NAMES_NOT_OF_THE_SEA = re.compile(
    r"[uv]_?wind\w*|wind\w*|[uv]10m?|[td]2m?|mslp?|m?sp|tp|[tpq]air|rain|[sl]w(rad|down)\w*|topo\w*|elevation|orog\w*",
    re.IGNORECASE,
)


def read_meaning(variable: VariableHeader) -> tuple[MaskMeaning, bool] | None:
    """Return what the numbers of a mask mean, and True if only its name tells; None for another variable.

    Flags count first, then the standard name, a text as "0: land, 1: sea", and the name.
    """
    return _read_meaning(variable) if variable.numeric else None


def is_text_mask(variable: VariableHeader) -> bool:
    """Return True for a mask of letters or of true and false, which is not read."""
    return not variable.numeric and len(variable.dimensions) > 1 and _read_meaning(variable) is not None


def _read_meaning(variable: VariableHeader) -> tuple[MaskMeaning, bool] | None:
    standard_name = variable.text("standard_name").lower()
    by_standard_name = next((kind for kind in _KINDS if standard_name in kind.standard_names), None)
    by_name = next((kind for kind in _KINDS if kind.names.fullmatch(variable.name)), None)
    kind = by_standard_name or by_name
    flags = _read_flags(variable)
    if kind is None and standard_name not in _EITHER_MASK and not (flags and _divides_land_and_sea(variable)):
        return None
    if flags:
        return flags, False
    if variable.text("units").lower() in _PERCENT and kind is not None:
        return _of_whole(100 * kind.land), False
    if by_standard_name is None and (land := _read_texts(variable)) is not None:
        return _of_whole(land), False
    return _of_whole(kind.land if kind else 1), by_standard_name is None


def _read_texts(variable: VariableHeader) -> int | None:
    """Return the number of land by the texts of a mask, as "0: land, 1: sea", or ``option_0`` of ROMS and FVCOM."""
    for option in (0, 1):
        if option_word := re.search(rf"\b({_LAND}|{_SEA})", variable.text(f"option_{option}"), re.IGNORECASE):
            return option if re.match(_LAND, option_word[1], re.IGNORECASE) else 1 - option
    for attribute in ("long_name", "description", "comment", "note", "units"):
        text = variable.text(attribute)
        number_first, word_first = _NUMBER_FIRST.search(text), _WORD_FIRST.search(text)
        # Of both ways to read "0 = land, 1 = sea" the one that begins first is meant.
        if number_first and not (word_first and word_first.start() < number_first.start()):
            number, word = number_first.groups()
        elif word_first:
            word, number = word_first.groups()
        else:
            continue
        return int(number) if re.match(_LAND, word, re.IGNORECASE) else 1 - int(number)
    return None


def _of_whole(land: float) -> MaskMeaning:
    return MaskMeaning(land=[float(land)], missing_is_land=land == 0)


def _read_flags(variable: VariableHeader) -> MaskMeaning | None:
    flags = read_flags(variable)
    numbers = (flags.values or flags.masks) if flags else ()
    if flags is None or len(numbers) != len(flags.meanings):
        return None
    land = [number for number, word in zip(numbers, flags.meanings, strict=True) if _LAND_FLAG.fullmatch(word)]
    if not land:
        return None
    if flags.values:
        return MaskMeaning(land=land)
    return MaskMeaning(land=[], bits=int(np.bitwise_or.reduce(np.array(land, np.int64))))


def _divides_land_and_sea(variable: VariableHeader) -> bool:
    """Return True for flags of land and sea and nothing else, which are a mask under any name."""
    flags = read_flags(variable)
    words = flags.meanings if flags else ()
    return len(words) == 2 and any(map(_SEA_FLAG.fullmatch, words)) and any(map(_LAND_FLAG.fullmatch, words))


def has_vague_name(name: str) -> bool:
    """Return True for a name that other things than land masks have too."""
    return name.lower() in _VAGUE_NAMES


def may_have_values_on_land(variable: VariableHeader, mask: VariableHeader) -> bool:
    """Return True for a mask as weather models have, and a variable that is not said to be of the sea."""
    is_of_weather = _LAND_NAMES.fullmatch(mask.name) is not None or "land" in mask.text("standard_name").lower()
    texts = [variable.name, *map(variable.text, ("standard_name", "long_name", "description"))]
    return is_of_weather and not any(_OF_THE_SEA.search(text) for text in texts)


def is_hidden_by_land(variable: VariableHeader) -> bool:
    """Return True for a field of the sea: not of the air or the ground, nor a mask or another metric of the grid."""
    if is_metric(variable) or read_meaning(variable) is not None:
        return False
    standard_name = variable.text("standard_name").replace(" ", "_")
    if standard_name and _NOT_OF_THE_SEA.fullmatch(standard_name):
        return False
    return bool(standard_name) or _NAMES_NOT_OF_THE_SEA.fullmatch(variable.name) is None
