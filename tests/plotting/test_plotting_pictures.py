"""Every kind of plot looks as it was recorded, in both languages, and says nothing in the other one."""

import base64
import gzip
import io
import json
import re
import xml.etree.ElementTree as ET
from functools import cache

import msgspec
import numpy as np
import pytest
from PIL import Image
from tests.looping import loop_over
from tests.plotting import pictures
from tests.plotting.written import CHECKS

# What is drawn once serves every test of a case, which one worker runs.
FIRST = {case["kind"]: name for name, case in reversed(pictures.CASES.items())}
CASES = [
    pytest.param(
        name,
        marks=[pytest.mark.xdist_group(f"picture {name}"), *([] if name in FIRST.values() else [pytest.mark.ci])],
    )
    for name in sorted(pictures.CASES)
]
# Members whose texts are as their owners wrote them: of datasets, files, models, places and platforms.
OWNED = {"dataset_name", "attribution", "title", "file", "model", "models", "name", "names", "class4id"}
# The same in both languages.
ALIKE = {
    *("Latitude", "Longitude", "Station", "stations", "Distance", "Observations", "UTC", "PSU", "point"),
    *("minimum", "maximum", "surface", "second", "direction", "Fraction"),
    *("oct", "nov"),  # months cut short
}


@cache
def files(name, language):
    """A picture, its words, and what it is written as."""
    picture = pictures.draw(name, language)
    document = json.loads(pictures.written(picture, language, "described"))
    png = base64.b64decode(document["image"].partition(",")[2])
    forms = ["svg", "pdf"] if name in FIRST.values() and language == "en" else ["svg"]
    return {"alt": picture.info.alt, "described": document, "png": png} | {
        form: pictures.written(picture, language, form) for form in forms
    }


@pytest.mark.parametrize("name", CASES)
@loop_over("language", pictures.LANGUAGES)
def test_a_picture_is_the_recorded_one(name, language, tmp_path):
    content = files(name, language)["png"]
    drawn, recorded = (pictures.pixels(one) for one in (content, pictures.baseline(name, language).read_bytes()))
    share = pictures.differing(drawn, recorded)
    path = tmp_path / f"drawn.{language}.png"
    path.write_bytes(content)
    assert share <= pictures.TOLERANCE, f"{share:.2%} of the pixels differ: look at {path}"


@loop_over("name", FIRST.values())
@pytest.mark.ci
def test_an_axis_that_moves_by_three_pixels_is_noticed(name):
    """The comparison can fail."""
    picture = pictures.draw(name)
    recorded = pictures.pixels(pictures.baseline(name, "en").read_bytes())
    picture.figure.draw_without_rendering()  # lays it out
    picture.figure.set_layout_engine("none")
    axes = picture.figure.axes[0]
    left, low, width, height = axes.get_position().bounds
    axes.set_position((left + 3 / recorded.shape[1], low, width, height))
    assert pictures.differing(pictures.pixels(pictures.written(picture)), recorded) > pictures.TOLERANCE


def list_texts(svg):
    """Every text that is drawn, whole where it is on several lines, and what is told to those who do not see it."""
    tree, name = ET.fromstring(svg), "{http://www.w3.org/2000/svg}"
    groups = [one for one in tree.iter(f"{name}g") if one.get("id", "").startswith("text_")]
    drawn = [" ".join("".join(line.itertext()) for line in one.iter(f"{name}text")) for one in groups]
    return drawn, tree.get("aria-label")


def names(told, key=""):
    """Everything that is called as its owner called it; variables are called in the reader's language."""
    match told:
        case str():
            return [told] if key in OWNED else []
        case dict():
            own = {one: value for one, value in told.items() if one != "name" or "units" not in told}
            return [name for one, value in own.items() for name in names(value, one)]
        case list():
            return [name for value in told for name in names(value, key)]
    return []


def words(texts):
    return {word for text in texts for word in re.findall(r"[^\W\d_]{3,}", text)}


@pytest.mark.parametrize("name", CASES)
def test_a_french_picture_says_nothing_in_english(name):
    french, english = (list_texts(files(name, one)["svg"]) for one in ("fr", "en"))
    recorded = gzip.decompress((pictures.RECORDED / f"{name}.msgpack.gz").read_bytes())
    owned = names([pictures.CASES[name]["query"], msgspec.msgpack.decode(recorded)])
    assert len(french[0]) > 5
    # A word of one language alone does not stand in both pictures, whole or in a text that is cut short.
    assert words([*french[0], french[1]]) & words([*english[0], english[1]]) - words(owned) <= ALIKE
    for text in [*french[0], french[1]]:
        own = {number for one in owned for number in re.findall(r"\d+\.\d+", one)}
        assert set(re.findall(r"\d+\.\d+", text)) <= own, "numbers have a comma"
        unspaced = set(re.findall(r"([^\W\d_]+) ?[:;?!](?!\S)", text))
        assert unspaced <= words(owned), "a space that does not break stands before a colon"


@pytest.mark.parametrize("name", CASES)
@loop_over("language", pictures.LANGUAGES)
def test_the_words_of_a_picture_are_in_its_files(name, language):
    created = files(name, language)
    alt = created["alt"]
    assert 40 < len(alt) < 1500
    assert any(character.isdigit() for character in alt)
    assert list_texts(created["svg"])[1] == alt
    assert Image.open(io.BytesIO(created["png"])).text["Description"] == alt
    assert created["described"]["alt"] == alt
    for form in ("svg", "pdf"):
        if form in created:
            CHECKS[form](created[form])


def test_pictures_are_compared_by_visible_differences():
    white = np.full((10, 10, 3), 255)
    assert pictures.differing(white, white - 10) == 0
    assert pictures.differing(white, white - 100) == 1
    assert pictures.differing(white, white[:9]) == 1
