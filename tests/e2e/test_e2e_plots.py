"""Every kind of plot in every format and language, through the gateway, from the sample data."""

import base64
import io
import json
from urllib.parse import quote, unquote

import pytest
from PIL import Image
from tests.looping import leave_to_ci, loop_over
from tests.plotting.written import CHECKS

from ocean_plotting.plots import KINDS

API = "/api/v2.0"
SIZE = {"size": "5x3.5", "dpi": 60}
LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def plot(run):
    http = run.http
    run.imported()

    def ask(kind, query=None, **parameters):
        text = json.dumps(KINDS[kind].example if query is None else query)
        return http.get(f"{API}/plot/{kind}", params={"query": text, **SIZE, **parameters})

    return ask


ALL = [(kind, form) for kind, one in KINDS.items() for form in one.formats]
# Each kind is drawn once; what else it may be drawn as is written from recorded numbers, or the same for all kinds.
DRAWN = {"jpeg", "tiff", "svg", "pdf", "ps", "eps", "json", "described"}
SOME = [(kind, form) for kind, form in ALL if form not in DRAWN or kind == "profile"]


def check(answer, kind, form, language):
    assert answer.status_code == 200, (kind, form, answer.text[:500])
    CHECKS[form](answer.content)
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{kind}_')
    assert answer.headers["content-language"] == language
    assert "accept-language" in answer.headers["vary"]
    if KINDS[kind].formats.index(form) < KINDS[kind].formats.index("csv"):
        output, spoken, alt = answer.headers["alt-text"].split("'", 2)
        assert (output, spoken) == ("utf-8", language)
        assert len(unquote(alt)) > 40


@pytest.mark.parametrize(("kind", "form"), leave_to_ci(SOME, 12))
def test_every_kind_has_its_formats(plot, kind, form):
    language = LANGUAGES[len(kind + form) % 2]
    check(plot(kind, format=form, lang=language, save="True"), kind, form, language)


@pytest.mark.full
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "form"), ALL)
def test_every_kind_has_its_formats_in_both_languages(plot, kind, form, language):
    check(plot(kind, format=form, lang=language, save="True"), kind, form, language)


@loop_over("kind", KINDS)
def test_an_unsupported_option_is_refused_with_the_supported_ones(plot, kind):
    for form in set(CHECKS) - set(KINDS[kind].formats) | {"gif"}:
        answer = plot(kind, format=form)
        assert answer.status_code == 400, (kind, form)
        assert answer.json()["errors"][0]["allowed"] == list(KINDS[kind].formats)


@pytest.mark.parametrize("kind", leave_to_ci(KINDS))
def test_the_body_and_the_url_make_the_same_request(plot, http, kind):
    sent = http.post(f"{API}/plot/{kind}", params={"format": "csv"}, json=KINDS[kind].example)
    assert sent.status_code == 200, sent.text
    assert sent.content == plot(kind, format="csv").content


@pytest.mark.parametrize("kind", leave_to_ci(KINDS))
def test_a_client_with_the_current_picture_gets_304(plot, http, kind):
    first = plot(kind, format="svg")
    again = http.get(str(first.request.url), headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


@loop_over("kind", KINDS)
def test_the_document_shows_what_a_kind_takes(http, kind):
    document = http.get("/plotting/openapi.json").json()
    operation = document["paths"][f"{API}/plot/{kind}"]
    body = operation["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"][body]
    members = set(schema["properties"])
    assert set(KINDS[kind].example) <= members
    undescribed = {name for name, one in schema["properties"].items() if "description" not in json.dumps(one)}
    assert undescribed == set()
    assert set(operation["get"]["responses"]["200"]["content"]) >= {"image/png", "text/csv", "application/pdf"}


# What the web front end writes into its addresses, tab by tab: axios leaves `:`, `,`, `[` and `]` as they are.
STATION = '"station":[[73.0,20.0],[75.1,5.25]]'
PATH = '"path":[[73,20],[74.2,10.5],[75,0]]'
AREA = '"area":[{"polygons":[[[70,10],[70,30],[76,30],[76,10],[70,10]]],"innerrings":[],"name":""}]'
SECOND = '"dataset":"arctic_day","variable":"votemper","scale":"auto","scale_diff":"auto"'
WHEN = '"starttime":1454328000,"endtime":1454673600'
TABS = {
    "Profile": (
        "profile",
        '{"dataset":"arctic_day","names":[null,"B"],' + STATION + ',"showmap":true,"time":1454673600,'
        '"variable":["votemper"],"variable_range":[null]}',
    ),
    "CTD Profile": (
        "profile",
        '{"dataset":"arctic_day","names":[null,null],' + STATION + ',"showmap":0,"time":1454673600,'
        '"variable":"votemper,vosaline"}',
    ),
    "T/S": (
        "ts",
        '{"dataset":"arctic_day","names":[null,null],' + STATION + ',"showmap":true,"time":1454673600}',
    ),
    "Sound Speed": (
        "sound",
        '{"dataset":"arctic_day","names":[null,null],' + STATION + ',"showmap":false,"time":1454673600}',
    ),
    "Virtual Mooring": (
        "timeseries",
        '{"dataset":"arctic_day","names":[null,null],"variable":"votemper","variable_range":null,"showmap":true,'
        + STATION
        + ',"depth":"bottom",'
        + WHEN
        + ',"colormap":"default","interp":"gaussian","radius":25,"neighbours":10}',
    ),
    "Virtual Mooring, all depths": (
        "timeseries",
        '{"dataset":"arctic_day","names":[null,null],"variable":"votemper","variable_range":[-2,8],"showmap":1,'
        + STATION
        + ',"depth":"all",'
        + WHEN
        + ',"colormap":"thermal","interp":"gaussian","radius":25,"neighbours":10}',
    ),
    "Observation": (
        "observation",
        '{"dataset":"arctic_day","names":[],"variable":["votemper"],"observation":[141],"observation_variable":["1"]}',
    ),
    "Transect": (
        "transect",
        '{"dataset":"arctic_day","variable":"votemper","scale":"auto",' + PATH + ',"colormap":"default","showmap":true,'
        '"time":1454673600,"linearthresh":false,"surfacevariable":"none","depth_limit":false,"profile_distance":-1,'
        '"selectedPlots":"0,1,1"}',
    ),
    "Transect of currents, compared": (
        "transect",
        '{"dataset":"arctic_day","name":"A","variable":"votemper","scale":"-2,8",' + PATH + ',"colormap":"thermal",'
        '"showmap":false,"time":1454673600,"linearthresh":200,"surfacevariable":"","depth_limit":1000,'
        '"profile_distance":100000,"selectedPlots":"1,1,1","compare_to":{'
        + SECOND
        + ',"time":1454328000,"colormap":"default","colormap_diff":"default"}}',
    ),
    "Hovmöller": (
        "hovmoller",
        '{"dataset":"arctic_day","name":"A","variable":"votemper","scale":"auto",' + PATH + ',"colormap":"default",'
        '"showmap":true,' + WHEN + ',"depth":0,"compare_to":{' + SECOND + "," + WHEN + ',"depth":3}}',
    ),
    "Area": (
        "map",
        '{"dataset":"arctic_day","scale":"auto","name":"x","colormap":"default","time":1454673600,'
        + AREA
        + ',"depth":0,'
        '"bathymetry":true,"quiver":{"variable":"","magnitude":"length","colormap":"default"},"contour":{"variable":"",'
        '"colormap":"default","levels":"auto","legend":true,"hatch":false},"showarea":true,"variable":"votemper",'
        '"projection":"EPSG:3857","interp":"gaussian","radius":25,"neighbours":10}',
    ),
    "Area, everything": (
        "map",
        '{"dataset":"arctic_day","scale":"-2,8","name":"x","colormap":"thermal","time":1454673600,'
        '"area":["nordic_seas/Lofoten Basin"],"depth":"bottom","bathymetry":false,"quiver":{"variable":"magwatervel",'
        '"magnitude":"color","colormap":"speed"},"contour":{"variable":"vosaline","colormap":"salinity","levels":"34,35",'
        '"legend":true,"hatch":true},"showarea":true,"variable":"votemper","projection":"EPSG:32661","interp":"bilinear",'
        '"radius":25,"neighbours":10}',
    ),
    "Area, compared": (
        "map",
        '{"dataset":"arctic_day","scale":"auto","name":"x","colormap":"default","time":1454673600,'
        + AREA
        + ',"depth":0,'
        '"bathymetry":true,"showarea":false,"variable":"votemper","projection":"EPSG:3857","interp":"gaussian",'
        '"radius":25,"neighbours":10,"compare_to":{'
        + SECOND
        + ',"time":1454328000,"depth":0,"colormap_diff":"default"}}',
    ),
    "Track": (
        "track",
        '{"dataset":"arctic_day","track":[3],"starttime":"2022-01-01","endtime":"2022-12-31","showmap":true,'
        '"variable":["votemper"],"latlon":true,"trackvariable":[0],"depth":0,"track_quantum":"day"}',
    ),
    "Class 4": (
        "class4",
        '{"class4type":"ocean_predict","dataset":"arctic_day","forecast":"best",'
        '"class4id":"class4_19970729_ATLANTIC_demo_profile_0","showmap":true,"climatology":true,"error":"none",'
        '"models":[]}',
    ),
}


def encoded(text, kept=":,[]"):
    return quote(text, safe=kept)


@pytest.mark.parametrize("tab", TABS)
def test_the_front_end_s_requests_are_answered_and_saved_as_it_reads_them(plot, http, tab):
    kind, text = TABS[tab]
    answer = http.get(f"{API}/plot/{kind}?query={encoded(text)}&format=json")
    assert answer.status_code == 200, answer.text
    begin, _, content = answer.json().partition(",")
    assert begin == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    image.load()
    assert len(image.convert("RGB").getcolors(2**24)) > 8  # something is drawn
    saved = http.get(f"{API}/plot/{kind}?query={encoded(text, '')}&save=True&format=csv")
    assert saved.status_code == 200, saved.text
    assert saved.headers["content-disposition"].startswith("attachment; filename=")


def test_the_front_end_saves_a_page_of_the_requested_size(plot, http):
    kind, text = TABS["Profile"]
    answer = http.get(f"{API}/plot/{kind}?query={encoded(text, '')}&save=True&format=pdf&size=10x7&dpi=144")
    assert answer.headers["content-type"] == "application/pdf"
    assert b"/MediaBox [ 0 0 720 504 ]" in answer.content
