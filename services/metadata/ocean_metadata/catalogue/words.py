"""Texts as words that are compared: without accents, case and endings; and what the sea's quantities are called."""

import re
import unicodedata
from functools import cache

_WORD = re.compile(r"[a-z0-9]+")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ð": "d", "þ": "th"})
# Said with the others, but telling nothing.
IGNORED = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "off", "on", "or", "over", "the", "to", "with"}
    | {"au", "aux", "avec", "d", "dans", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour"}
    | {"sur", "un", "une"}
)


def folded(text: str) -> str:
    """Lower case without accents.

    Parameters
    ----------
    text : str
        In any language.

    Returns
    -------
    str
        ``Température`` → ``temperature``.
    """
    if text.isascii():
        return text.lower()
    lower = text.casefold().translate(_LETTERS)
    return "".join(one for one in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(one))


def words(text: str) -> list[str]:
    """The words of a text that tell something, in their order.

    Parameters
    ----------
    text : str
        A name, a sentence, a key such as ``sea_water_salinity``.

    Returns
    -------
    list of str
        Folded, in the singular; a word is letters and digits.
    """
    return [_singular(one) for one in _WORD.findall(folded(text)) if one not in IGNORED]


def _singular(word: str) -> str:
    """A plural of English or French without its ending: all that matters is that both are cut alike."""
    if len(word) > 4 and word.endswith(("aux", "eux")):
        return word[:-1]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


# What is looked for in standard names, long names and display names (folded) → what people may call it.
QUANTITIES: tuple[tuple[str, str], ...] = (
    (r"temperature|\bsst\b", "temperature thermal heat température chaleur thermique"),
    (r"surface temperature|\bsst\b", "SST sea surface temperature TSM température de surface"),
    (r"salinit|\bsss\b|\bpsu\b", "salinity salt salinité sel"),
    (r"velocity|current|courant|\bspeed\b(?! of sound)", "current velocity speed flow courant vitesse écoulement"),
    (r"speed of sound|sound speed|vitesse du son|celerite", "sound speed acoustics célérité vitesse du son acoustique"),
    (r"surface height|sea level|surface elevation|\bssh\b|sea surface above|free surface|niveau de la mer",
     "sea level surface height elevation SSH tide niveau de la mer hauteur élévation marée"),
    (r"\bice\b|\bglace\b", "sea ice glace de mer banquise"),
    (r"ice thickness|thickness of .*ice|epaisseur de .*glace", "ice thickness épaisseur de glace"),
    (r"ice area|ice fraction|ice concentration|ice cover", "ice concentration fraction cover concentration couverture"),
    (r"mixed layer|couche (?:de )?melange", "mixed layer depth couche mélangée de mélange"),
    (r"\bwaves?\b|swell|houle|\bvagues?\b", "wave swell height vague houle hauteur"),
    (r"wave period", "wave period période vague"),
    (r"wind|\bvents?\b", "wind vent"),
    (r"\bpress(?:ure|ion)\b", "pressure pression"),
    (r"precipitation|rain|\bpluie\b", "precipitation rain précipitation pluie"),
    (r"chlorophyl", "chlorophyll phytoplankton ocean colour chlorophylle phytoplancton couleur"),
    (r"phytoplan[ck]ton|diatom|flagellate", "phytoplankton plankton phytoplancton plancton"),
    (r"zooplan[ck]ton", "zooplankton plankton zooplancton plancton"),
    (r"oxygen", "oxygen oxygène"),
    (r"nitrate", "nitrate nutrient nutriment azote"),
    (r"phosphate", "phosphate nutrient nutriment phosphore"),
    (r"silicate|silicon", "silicate nutrient nutriment silicium"),
    (r"\bph\b|alkalinity|inorganic carbon|\bpco2\b", "pH acidity carbon acidité carbone"),
    (r"bathymetr|sea floor depth|bottom depth|model depth|topography",
     "bathymetry topography sea floor depth bathymétrie topographie fond profondeur"),
    (r"densit|sigma theta|masse volumique", "density densité masse volumique"),
    (r"vorticit", "vorticity vorticité tourbillon"),
    (r"heat flux|radiation|flux de chaleur|rayonnement", "heat flux radiation flux de chaleur rayonnement"),
    (r"turbidity|suspended|sediment", "turbidity sediment turbidité sédiment"),
    (r"river|runoff|riviere|fleuve", "river runoff rivière fleuve débit"),
)  # fmt: skip
_QUANTITIES = tuple((re.compile(pattern), tuple(words(names))) for pattern, names in QUANTITIES)


@cache
def synonyms(name: str) -> tuple[str, ...]:
    """What else people call a quantity, in English and French.

    Parameters
    ----------
    name : str
        A standard name, a long name or a display name.

    Returns
    -------
    tuple of str
        Words; none for what the table does not know.
    """
    text = folded(name).replace("_", " ")
    return tuple(dict.fromkeys(word for pattern, found in _QUANTITIES if pattern.search(text) for word in found))
