"""Pages for people: read by a parser, by a search engine's rules, and with weak eyes."""

import base64
import hashlib
import json
import re
from datetime import datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.contracts.assets import Dimension
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.dataset_page import MAX_DESCRIPTION, MIN_DESCRIPTION, linked_data
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, VariableRecord
from ocean_metadata.catalogue.pages import STYLE

API = "/api/v2.0"
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
EVIL = "<script>alert('&\"x')</script></script><!--"


class Read(HTMLParser):
    """A page as a strict reader sees it: every element is closed where it must be."""

    EMPTY = frozenset({"meta", "link", "br", "hr", "img"})

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.ids = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.seen if tag == name]


@pytest.fixture
def page(client):
    def page(path="/dataset/giops_day"):
        response = client.get(API + path, headers=BROWSER)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/html")
        return response

    return page


@loop_over("path", ["/dataset/giops_day", "/datasets"])
@loop_over(
    ("accept", "kind"),
    [
        (BROWSER["accept"], "text/html"),
        ("text/html", "text/html"),
        ("*/*", "application/json"),
        (None, "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/json", "application/json"),
        ("text/html;q=0.5,application/json", "application/json"),
        ("image/png", "application/json"),
        ("nonsense;;q=x", "application/json"),
    ],
)
def test_only_those_who_like_html_better_get_a_page(client, path, accept, kind):
    response = client.get(API + path, headers={"accept": accept} if accept is not None else {})
    assert response.headers["content-type"].startswith(kind)
    assert "accept" in response.headers["vary"].lower()


@loop_over("path", ["/dataset/giops_day", "/datasets"])
def test_the_page_and_the_json_have_tags_of_their_own(client, page, path):
    tags = [page(path).headers["etag"], client.get(API + path).headers["etag"]]
    assert tags[0] != tags[1]
    again = client.get(API + path, headers={**BROWSER, "if-none-match": tags[0]})
    assert again.status_code == 304
    assert client.get(API + path, headers={**BROWSER, "if-none-match": tags[1]}).status_code == 200


@loop_over("path", ["/dataset/giops_day", "/dataset/sfbofs_hour", "/datasets"])
def test_a_page_is_sound_and_can_be_read_without_eyes(page, path):
    text = page(path).text
    found = Read(text)
    assert text.startswith("<!doctype html>")
    assert found.all("html") == [{"lang": "en"}]
    assert len(found.all("h1")) == len(found.all("main")) == len(found.all("title")) == 1
    assert all(one["scope"] in {"row", "col"} for one in found.all("th"))
    assert len(found.all("caption")) == len(found.all("table"))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in found.all("meta")
    levels = [int(tag[1]) for tag, _ in found.seen if re.fullmatch(r"h\d", tag)]
    assert all(later <= before + 1 for before, later in pairwise(levels))
    assert all(one["href"].startswith(("/", "https://")) for one in found.all("a"))


def test_a_page_runs_nothing_and_fetches_nothing(page):
    response = page()
    found = Read(response.text)
    assert [one.get("type") for one in found.all("script")] == ["application/ld+json"]
    assert not found.all("img") + found.all("iframe")
    assert {one["rel"] for one in found.all("link")} <= {"alternate"}
    assert not any(key.startswith("on") for _, attributes in found.seen for key in attributes)
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "url(" not in style


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


COLOURS = re.findall(r"--(\w+): (#[0-9a-f]{6});", STYLE)


@pytest.mark.parametrize("colours", [dict(COLOURS[:6]), dict(COLOURS[6:])], ids=["light", "dark"])
def test_texts_have_contrast_enough(colours):
    for paper in ("paper", "band"):
        assert contrast(colours["ink"], colours[paper]) >= 7
        assert contrast(colours["soft"], colours[paper]) >= 4.5
        assert contrast(colours["link"], colours[paper]) >= 4.5


def test_a_page_links_to_what_exists(client, page):
    for one in Read(page("/datasets").text).all("a"):
        if one["href"].startswith(API):
            assert client.get(one["href"]).status_code == 200
    links = client.get(API + "/dataset/giops_day").json()["links"]
    for one in links:
        if one["type"] == "application/json":
            assert client.get(one["href"]).status_code == 200
    assert {one["rel"] for one in links} >= {"self", "alternate", "collection", "variables", "times", "enclosure"}


def test_the_json_of_a_dataset_says_how_large_it_is(client):
    found = client.get(API + "/dataset/giops_day").json()
    assert (found["time_steps"], found["variables"], found["depth_levels"]) == (5, 10, 17)
    assert (found["group"], found["model_class"]) == ("Sample data", "Nemo")
    assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert list(found)[:5] == ["id", "value", "quantum", "help", "attribution"]


# --- what search engines read -------------------------------------------------------------------------------------


def described(text):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)[1])


@loop_over("dataset", ["giops_day", "nemo_global_month", "ostia_month", "wcofs_hour", "sfbofs_hour"])
def test_the_description_has_what_dataset_search_requires(page, dataset):
    found = described(page(f"/dataset/{dataset}").text)
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
    assert found["name"]
    assert MIN_DESCRIPTION <= len(found["description"]) <= MAX_DESCRIPTION
    assert all(found[name].startswith("http") for name in ("url", "license", "@id"))
    assert all(one["contentUrl"].startswith("http") and one["encodingFormat"] for one in found["distribution"])
    assert all(one["@type"] == "PropertyValue" and one["name"] for one in found["variableMeasured"])
    south, west, north, east = map(float, found["spatialCoverage"]["geo"]["box"].split())
    assert -90 <= south < north <= 90
    assert -180 <= west < east <= 180
    start, end = (datetime.fromisoformat(one) for one in found["temporalCoverage"].split("/"))
    assert start <= end
    assert found["creator"]["name"]
    assert found["creditText"]


def test_a_dataset_of_which_nothing_is_known_is_still_described():
    found = linked_data(DatasetRecord(id="a", name="a"), "http://ocean")
    assert MIN_DESCRIPTION <= len(found["description"]) <= MAX_DESCRIPTION
    assert not {"license", "spatialCoverage", "temporalCoverage", "distribution", "creator"} & set(found)


def test_a_box_across_the_antimeridian_is_told_as_two():
    found = linked_data(DatasetRecord(id="a", name="a", bounds=(170.0, -10.0, -170.0, 10.0)), "")
    assert [one["geo"]["box"] for one in found["spatialCoverage"]] == ["-10 170 10 180", "-10 -180 10 -170"]


def test_a_long_description_is_cut():
    found = linked_data(DatasetRecord(id="a", name="a", help="krill " * 2000), "")
    assert len(found["description"]) == MAX_DESCRIPTION


# --- texts from files and configurations are texts ----------------------------------------------------------------


class Made:
    """A catalogue with one dataset, whose texts are malicious."""

    def __init__(self):
        one = VariableRecord(
            key="a/b?c#d", source="v", name=EVIL, units=EVIL, standard_name=EVIL, scale=(0.0, 1.0), file=0, grid=0,
            dimensions=[Dimension(name="x", role="x", size=1)],
        )  # fmt: skip
        told = dict.fromkeys(("name", "help", "attribution", "group", "subgroup", "quantum", "revision"), EVIL)
        attributes = {"license": "javascript:alert(1)", "institution": EVIL, "summary": EVIL}
        record = DatasetRecord(id="evil", variables=[one], attributes=attributes, **told)
        self.snapshot = Snapshot(revision="1", datasets={"evil": record})

    async def revision(self, name):
        return self.snapshot.dataset(name).revision

    async def steps(self, record, time):
        raise AssertionError


@pytest.mark.parametrize("path", ["/dataset/evil", "/datasets"])
def test_no_text_of_a_file_becomes_markup(path):
    with TestClient(create_app(Made())) as client:
        text = client.get(API + path, headers=BROWSER).text
    found = Read(text)
    assert len(found.all("script")) == (1 if path == "/dataset/evil" else 0)
    assert not [one for one in found.all("a") if one["href"].startswith("javascript")]
    if path == "/dataset/evil":
        assert described(text)["name"] == EVIL
        assert any("a%2Fb%3Fc%23d" in one["href"] for one in found.all("a"))


@loop_over(("language", "west"), [("en", "10.75° W to 52.19° E"), ("fr", "10,75° O à 52,19° E")])
def test_a_page_says_east_and_west_with_letters(client, language, west):
    page = client.get(f"{API}/dataset/giops_day?lang={language}", headers=BROWSER).text
    assert west in page
