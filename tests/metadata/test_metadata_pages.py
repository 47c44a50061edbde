"""Pages for people: read by a parser, by a search engine's rules, and with weak eyes."""

import base64
import hashlib
import json
import re
from datetime import datetime
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.contracts.assets import Dimension
from ocean_common.i18n import get_translator
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, TimeAxis, VariableRecord
from ocean_metadata.catalogue.pages import MAX_DESCRIPTION, MIN_DESCRIPTION, STYLE, linked_data, render_dataset

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
    def page(path="/dataset/arctic_day"):
        response = client.get(API + path, headers=BROWSER)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/html")
        return response

    return page


@loop_over("path", ["/dataset/arctic_day", "/datasets"])
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


@loop_over("path", ["/dataset/arctic_day", "/datasets"])
def test_the_page_and_the_json_have_tags_of_their_own(client, page, path):
    tags = [page(path).headers["etag"], client.get(API + path).headers["etag"]]
    assert tags[0] != tags[1]
    again = client.get(API + path, headers={**BROWSER, "if-none-match": tags[0]})
    assert again.status_code == 304
    assert client.get(API + path, headers={**BROWSER, "if-none-match": tags[1]}).status_code == 200


@loop_over("path", ["/dataset/arctic_day", "/dataset/sfbofs_hour", "/datasets"])
def test_a_page_is_sound_and_can_be_read_without_eyes(page, path):
    text = page(path).text
    result = Read(text)
    assert text.startswith("<!doctype html>")
    assert result.all("html") == [{"lang": "en"}]
    assert len(result.all("h1")) == len(result.all("main")) == len(result.all("title")) == 1
    assert all(item["scope"] in {"row", "col"} for item in result.all("th"))
    assert len(result.all("caption")) == len(result.all("table"))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in result.all("meta")
    levels = [int(tag[1]) for tag, _ in result.seen if re.fullmatch(r"h\d", tag)]
    assert all(later <= before + 1 for before, later in pairwise(levels))
    assert all(item["href"].startswith(("/", "https://")) for item in result.all("a"))


def test_a_page_runs_nothing_and_fetches_nothing(page):
    response = page()
    result = Read(response.text)
    assert [item.get("type") for item in result.all("script")] == ["application/ld+json"]
    assert not result.all("img") + result.all("iframe")
    assert {item["rel"] for item in result.all("link")} <= {"alternate"}
    assert not any(key.startswith("on") for _, attributes in result.seen for key in attributes)
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "url(" not in style


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
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
    for link in Read(page("/datasets").text).all("a"):
        if link["href"].startswith(API):
            assert client.get(link["href"]).status_code == 200
    links = client.get(API + "/dataset/arctic_day").json()["links"]
    for link in links:
        if link["type"] == "application/json":
            assert client.get(link["href"]).status_code == 200
    assert {link["rel"] for link in links} >= {"self", "alternate", "collection", "variables", "times", "enclosure"}


def test_the_json_of_a_dataset_says_how_large_it_is(client):
    document = client.get(API + "/dataset/arctic_day").json()
    assert (document["time_steps"], document["variables"], document["depth_levels"]) == (5, 10, 17)
    assert (document["group"], document["model_class"]) == ("Sample data", "Mercator")
    assert document["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert list(document)[:5] == ["id", "value", "quantum", "help", "attribution"]


# --- what search engines read -------------------------------------------------------------------------------------


def described(text):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)[1])


@loop_over("dataset", ["arctic_day", "nemo_global_month", "ostia_month", "wcofs_hour", "sfbofs_hour"])
def test_the_description_has_what_dataset_search_requires(page, dataset):
    result = described(page(f"/dataset/{dataset}").text)
    assert (result["@context"], result["@type"]) == ("https://schema.org/", "Dataset")
    assert result["name"]
    assert MIN_DESCRIPTION <= len(result["description"]) <= MAX_DESCRIPTION
    assert all(result[name].startswith("http") for name in ("url", "license", "@id"))
    assert all(part["contentUrl"].startswith("http") and part["encodingFormat"] for part in result["distribution"])
    assert all(part["@type"] == "PropertyValue" and part["name"] for part in result["variableMeasured"])
    south, west, north, east = map(float, result["spatialCoverage"]["geo"]["box"].split())
    assert -90 <= south < north <= 90
    assert -180 <= west < east <= 180
    start, end = (datetime.fromisoformat(part) for part in result["temporalCoverage"].split("/"))
    assert start <= end
    assert result["creator"]["name"]
    assert result["creditText"]


def test_a_dataset_of_which_nothing_is_known_is_still_described():
    result = linked_data(DatasetRecord(id="a", name="a"), "http://ocean")
    assert MIN_DESCRIPTION <= len(result["description"]) <= MAX_DESCRIPTION
    assert not {"license", "spatialCoverage", "temporalCoverage", "distribution", "creator"} & set(result)


def test_the_page_of_a_climatology_has_months_instead_of_years():
    first, last = (int(np.datetime64(day, "s").astype(int)) for day in ("0000-01-16", "0000-12-16"))
    axis = TimeAxis(
        units="1", calendar="standard", files=[], first=first, last=last, count=12, climatology=True, ends=(1, 12)
    )
    record = DatasetRecord(id="woa", name="Means", quantum="month", time=0, times=[axis])
    assert "January – December, climatology" in render_dataset(record, "https://example.org")
    french = render_dataset(record, "https://example.org", get_translator("fr", "ocean_metadata"))
    assert "janvier – décembre, climatologie" in french


def test_a_box_across_the_antimeridian_is_listed_as_two():
    result = linked_data(DatasetRecord(id="a", name="a", bounds=(170.0, -10.0, -170.0, 10.0)), "")
    assert [item["geo"]["box"] for item in result["spatialCoverage"]] == ["-10 170 10 180", "-10 -180 10 -170"]


def test_a_long_description_is_cut():
    result = linked_data(DatasetRecord(id="a", name="a", help="krill " * 2000), "")
    assert len(result["description"]) == MAX_DESCRIPTION


# --- texts from files and configurations are texts ----------------------------------------------------------------


class MaliciousCatalogue:
    """A catalogue with one dataset, whose texts are malicious."""

    def __init__(self):
        item = VariableRecord(
            key="a/b?c#d", source="v", name=EVIL, units=EVIL, standard_name=EVIL, scale=(0.0, 1.0), file=0, grid=0,
            dimensions=[Dimension(name="x", role="x", size=1)],
        )  # fmt: skip
        reported = dict.fromkeys(("name", "help", "attribution", "group", "subgroup", "quantum", "revision"), EVIL)
        attributes = {"license": "javascript:alert(1)", "institution": EVIL, "summary": EVIL}
        record = DatasetRecord(id="evil", variables=[item], attributes=attributes, **reported)
        self.snapshot = Snapshot(revision="1", datasets={"evil": record})

    async def revision(self, name):
        return self.snapshot.dataset(name).revision

    async def steps(self, record, time):
        raise AssertionError


@pytest.mark.parametrize("path", ["/dataset/evil", "/datasets"])
def test_no_text_of_a_file_becomes_markup(path):
    with TestClient(create_app(MaliciousCatalogue())) as client:
        text = client.get(API + path, headers=BROWSER).text
    result = Read(text)
    assert len(result.all("script")) == (1 if path == "/dataset/evil" else 0)
    assert not [item for item in result.all("a") if item["href"].startswith("javascript")]
    if path == "/dataset/evil":
        assert described(text)["name"] == EVIL
        assert any("a%2Fb%3Fc%23d" in item["href"] for item in result.all("a"))


@loop_over(("language", "west"), [("en", "10.75° W to 52.19° E"), ("fr", "10,75° O à 52,19° E")])
def test_a_page_says_east_and_west_with_letters(client, language, west):
    page = client.get(f"{API}/dataset/arctic_day?lang={language}", headers=BROWSER).text
    assert west in page


def test_a_page_has_lines_that_open_the_dataset_in_other_programs(sample_catalogue):
    record = next(record for record in sample_catalogue.catalogue.snapshot.served if record.id == "arctic_day")
    page = render_dataset(record, "https://example.org", interfaces={"opendap", "zarr", "wms"})
    assert "https://example.org/wms/" in page
    assert page.count("https://example.org/opendap/arctic_day") == 7
    assert "xarray.open_zarr(&#34;https://example.org/zarr/arctic_day&#34;)" in page
    assert "/zarr/" not in render_dataset(record, "https://example.org", interfaces={"opendap"})
    assert "other programs" not in render_dataset(record, "https://example.org")
