"""Every kind of plot looks as it was recorded, in both languages, and says nothing in the other one."""

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from tests.plotting import pictures

from ocean_common.texts import merged
from ocean_common.voices import catalogue, voice
from ocean_plotting.plots import PLOTS

CASES = sorted(pictures.CASES)
PACKAGES = ("ocean_common", "ocean_plotting")
# Names of datasets and places are as their owners wrote them; the rest is the same in both languages.
ALIKE = {"1", "N", "S", "E", "UTC", "Station", "Date", "Latitude", "Longitude"}


@pytest.mark.parametrize("language", pictures.LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_a_picture_is_the_recorded_one(name, language, tmp_path):
    content = pictures.written(pictures.draw(name, language), language)
    drawn, recorded = (pictures.pixels(one) for one in (content, pictures.baseline(name, language).read_bytes()))
    share = pictures.differing(drawn, recorded)
    (tmp_path / "drawn.png").write_bytes(content)
    assert share <= pictures.TOLERANCE, f"{share:.2%} of the pixels differ: look at {tmp_path / 'drawn.png'}"


@pytest.mark.parametrize("name", CASES)
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


def test_every_kind_has_a_picture():
    assert {one["kind"] for one in pictures.CASES.values()} == set(PLOTS)


def said(svg):
    """Every text that is drawn, or told to those who do not see it."""
    tree = ET.fromstring(svg)
    drawn = ["".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")]
    return [one.replace("\N{NO-BREAK SPACE}", " ").strip() for one in drawn], tree.get("aria-label")


@pytest.mark.parametrize("name", CASES)
def test_a_french_picture_says_nothing_in_english(name):
    messages = merged([catalogue(one, "messages", "fr") for one in PACKAGES])
    french = voice("fr", "ocean_plotting")
    drawn, alt = said(pictures.written(pictures.draw(name, "fr"), "fr", "svg"))
    sentences = [one for one in alt.replace("\N{NO-BREAK SPACE}", " ").split(". ") if one]
    assert len(drawn) > 5
    english = {text for text in drawn + sentences if messages.text(text) != text or french.quantity(text)}
    own = {text for text in english if french.quantity(text) == text}  # temperature is température, but date is date
    assert english - own - ALIKE == set()
    english_alt = pictures.draw(name, "en").about.alt
    assert alt != english_alt


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("language", pictures.LANGUAGES)
def test_the_words_of_a_picture_are_in_its_files(name, language):
    picture = pictures.draw(name, language)
    alt = picture.about.alt
    assert 40 < len(alt) < 1500
    assert any(character.isdigit() for character in alt)
    assert said(pictures.written(picture, language, "svg"))[1] == alt
    assert Image.open(io.BytesIO(pictures.written(picture, language))).text["Description"] == alt
    assert json.loads(pictures.written(picture, language, "described"))["alt"] == alt


def test_pictures_are_told_apart_by_what_anybody_sees():
    white = np.full((10, 10, 3), 255)
    assert pictures.differing(white, white - 10) == 0
    assert pictures.differing(white, white - 100) == 1
    assert pictures.differing(white, white[:9]) == 1
