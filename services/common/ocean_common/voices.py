"""Who says texts in a language: the catalogues of the installed packages. Without HTTP, for what only draws."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from babel.messages.pofile import read_po

from ocean_common.texts import ENGLISH, Say, merged

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SOURCE: Language = "en"  # of the texts in the code


@cache
def voice(language: Language, *packages: str) -> Say:
    """Who says the texts of the given packages, and those that all services share."""
    if language == SOURCE:
        return ENGLISH
    all_packages = ("ocean_common", *packages)
    return Say(
        language,
        merged([catalogue(one, "messages", language) for one in all_packages]),
        merged([catalogue(one, "quantities", language) for one in all_packages]),
    )


def catalogue(package: str, domain: str, language: Language) -> Mapping[str, str]:
    """The texts of a gettext catalogue that is installed with a package; none where it has no such file."""
    file = files(package).joinpath("locale", language, "LC_MESSAGES", f"{domain}.po")
    if not file.is_file():
        return {}
    with file.open("rb") as content:
        return {str(one.id): str(one.string) for one in read_po(content) if one.id and one.string and not one.fuzzy}
