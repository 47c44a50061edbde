"""What a configuration says in languages: `{"name": {"en": …, "fr": …}}`, or `name` and beside it `name_fr`."""

from collections.abc import Mapping
from typing import Any

from ocean_common.i18n import LANGUAGES, SOURCE
from ocean_metadata.catalogue.model import Translations

OF_DATASETS = ("name", "help", "attribution", "group", "subgroup")
OF_VARIABLES = ("name", "long_name")


def parted(config: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[dict[str, Any], Translations]:
    """A configuration in English alone, and what it says in other languages.

    A text that is not told in English is taken in the language that there is.
    """
    english = dict(config)
    others: Translations = {}
    for key in keys:
        told = english.get(key)
        spoken = dict(told) if isinstance(told, dict) else {}
        for language in LANGUAGES:
            if isinstance(text := english.pop(f"{key}_{language}", None), str):
                spoken[language] = text
        if isinstance(told, str):
            spoken[SOURCE] = told
        spoken = {language: text for language, text in spoken.items() if language in LANGUAGES and text}
        if spoken:
            english[key] = spoken.get(SOURCE) or next(iter(spoken.values()))
        for language, text in spoken.items():
            if language != SOURCE and isinstance(text, str):
                others.setdefault(language, {})[key] = text
    return english, others
