"""Answers in the language of who asks: negotiation, templates, and what caches are told."""

import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.caching import Freshness
from ocean_common.clients.http import Neighbour
from ocean_common.contracts.metadata import Quantum
from ocean_common.finished_texts import FinishedTexts
from ocean_common.i18n import LANGUAGES, Translator, get_translator
from ocean_common.language import negotiate_language
from ocean_common.parameters import refuse_unknown_parameters
from ocean_common.service import create_service
from ocean_core import errors

FRENCH = {"accept-language": "fr-CA,fr;q=0.9,en;q=0.5"}
TEXTS = {
    "there is no {0!r}{1}; see {2}": "il n'y a pas de {0}{1} ; voir {2}",
    "; did you mean {0!r}?": " ({0} ?)",
    "{0} of {1}": "{0} de {1}",
    "{0!r} is {1}-{2}-{3}-{4}-{5} here": "{5}-{4}-{3}-{2}-{1} : {0}",
    "a {brace}": "une {accolade}",
    "Bottom": "Fond",
    "{count} levels": "{count} niveaux",
}


@get("/said")
async def said(translate: NamedDependency[Translator]) -> Quantum:
    return Quantum(value=translate("Not Found"))


@get("/silent")
async def silent() -> Quantum:
    return Quantum(value="day")


@get("/kept/{dataset:str}")
async def kept(
    request: Request,
    dataset: FromPath[str],
    translate: NamedDependency[Translator],
    freshness: NamedDependency[Freshness],
) -> Quantum:
    await freshness(request, dataset)
    return Quantum(value=translate("Not Found"))


@get("/strict", before_request=refuse_unknown_parameters)
async def strict() -> Quantum:
    return Quantum(value="day")


@get("/programs", before_request=refuse_unknown_parameters)
async def programs(lang: FromQuery[str]) -> Quantum:
    raise errors.TooBusy("there is no parameter {name!r}; {suggestion}", name=lang, suggestion=lang)


class Shelf:
    async def revision(self, dataset):
        return "r1"


@pytest.fixture(scope="module")
def client():
    app = create_service(
        name="tested",
        title="Tested",
        version="1",
        description="A service.",
        tags=[],
        api=[said, silent, kept, strict, programs],
        texts=["ocean_common"],
        dependencies={"freshness": Freshness(Shelf(), "1", 60)},
    )
    with TestClient(app) as client:
        yield client


@loop_over(
    ("lang", "header", "language"),
    [
        (None, "", "en"),
        (None, "fr", "fr"),
        (None, "fr-CA", "fr"),
        (None, "FR-ca, en;q=0.9", "fr"),
        (None, "en-GB,fr;q=0.9", "en"),
        (None, "fr;q=0.3, en;q=0.7", "en"),
        (None, "de, fr;q=0.1", "fr"),
        (None, "de", "en"),
        (None, "*", "en"),
        (None, "fr;q=0", "en"),
        (None, "fr;q=often", "en"),
        (None, ",;q=,;;", "en"),
        ("en", "fr", "en"),
        ("fr", "en", "fr"),
        ("python", "fr", "fr"),
    ],
)
def test_lang_wins_then_the_header_then_english(lang, header, language):
    assert negotiate_language(lang, header) == language


@given(st.text())
def test_any_header_leads_to_a_language(header):
    assert negotiate_language(None, header) in LANGUAGES


def test_an_answer_with_texts_varies_by_language(client):
    french, english = client.get("/api/v2.0/said", headers=FRENCH), client.get("/api/v2.0/said")
    assert french.json() == {"value": "Introuvable"}
    assert english.json() == {"value": "Not Found"}
    for response, language in ((french, "fr"), (english, "en")):
        assert response.headers["content-language"] == language
        assert response.headers["vary"] == "accept-language"
    assert french.headers["etag"] != english.headers["etag"]


def test_an_answer_without_texts_does_not_vary(client):
    response = client.get("/api/v2.0/silent", headers=FRENCH)
    assert "vary" not in response.headers
    assert "content-language" not in response.headers


def test_what_is_kept_in_one_language_is_not_taken_for_the_other(client):
    french = client.get("/api/v2.0/kept/a", headers=FRENCH)
    again = {"if-none-match": french.headers["etag"]}
    assert client.get("/api/v2.0/kept/a", headers=again).status_code == 200
    unchanged = client.get("/api/v2.0/kept/a", headers=again | FRENCH)
    assert unchanged.status_code == 304
    assert unchanged.headers["vary"] == "accept-language"


def test_problems_are_told_in_the_language(client):
    nothing = client.get("/api/v2.0/nothing", headers=FRENCH)
    assert nothing.json()["title"] == "Introuvable"
    assert nothing.json()["detail"].startswith("rien n'est servi à cette adresse")
    assert nothing.headers["content-language"] == "fr"
    refused = client.post("/api/v2.0/said", headers=FRENCH).json()
    assert refused["title"] == "Méthode non permise"
    wrong = client.get("/api/v2.0/said?lang=de", headers=FRENCH).json()
    assert wrong["errors"] == [{"field": "lang", "message": "valeur non prévue\u00a0: 'de'"}]


def test_strict_routes_take_lang_and_a_route_may_have_a_lang_of_its_own(client):
    assert client.get("/api/v2.0/strict?lang=fr").status_code == 200
    misspelt = client.get("/api/v2.0/strict?lang=fr&langue=fr").json()
    assert misspelt["detail"].startswith("il n'y a pas de paramètre 'langue'")
    told = client.get("/api/v2.0/programs?lang=python", headers=FRENCH).json()
    assert told["detail"] == "il n'y a pas de paramètre 'python'\u00a0; python"


def test_the_openapi_document_names_the_languages(client):
    paths = client.get("/tested/openapi.json").json()["paths"]
    (lang,) = paths["/api/v2.0/said"]["get"]["parameters"]
    assert lang["name"] == "lang"
    assert {"en", "fr"} <= set(lang["schema"]["enum"])
    assert "parameters" not in paths["/api/v2.0/silent"]["get"]


def test_a_service_without_catalogues_speaks_english():
    app = create_service(name="t", title="t", version="1", description="A service.", tags=[], api=[said])
    with TestClient(app) as client:
        response = client.get("/api/v2.0/said?lang=fr", headers=FRENCH)
        assert response.json() == {"value": "Not Found"}
        assert response.headers["content-language"] == "en"
        assert "vary" not in response.headers
        assert client.get("/api/v2.0/nothing", headers=FRENCH).json()["title"] == "Not Found"


@loop_over(
    ("english", "french"),
    [
        ("Bottom", "Fond"),
        ("there is no 'x'; see /docs", "il n'y a pas de 'x' ; voir /docs"),
        ('there is no "it\'s"; see /docs', "il n'y a pas de \"it's\" ; voir /docs"),
        ("there is no 'x'; did you mean 'y'?; see /docs", "il n'y a pas de 'x' ('y' ?) ; voir /docs"),
        ("there is no '; see {0}'; see /docs", "il n'y a pas de '; see {0}' ; voir /docs"),
        ("Bottom of {0}", "Fond de {0}"),
        ("a {brace}", "une {accolade}"),
        ("nobody knows this", "nobody knows this"),
        ("3 levels", "3 niveaux"),
        ("", ""),
    ],
)
def test_a_text_is_found_by_its_template(english, french):
    assert FinishedTexts(TEXTS).translate(english) == french


def test_templates_are_filled_with_values_as_they_are():
    translate = Translator("fr", TEXTS, {})
    assert translate("{count} levels", count="{0}") == "{0} niveaux"
    assert translate("{count} layers", count=3) == "3 layers"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_value_is_said_or_left(first, second):
    text = f"there is no {first!r}{second}; see {second}"
    assert FinishedTexts(TEXTS).translate(text)


def test_odd_values_take_no_time():
    began = time.perf_counter()
    for odd in ("-" * 3900, "- here" * 600, " of " * 900, "'" * 3900, "\\" * 3900):
        FinishedTexts(TEXTS).translate(f"'a' is {odd} nowhere")
    assert time.perf_counter() - began < 1


def test_quantities_keep_the_capital_of_their_names():
    translate = get_translator("fr")
    assert translate.quantity("Salinity") == "Salinité"
    assert translate.quantity("sea water salinity") == "salinité de l'eau de mer"
    assert translate.quantity("My own", "sea_surface_height_above_geoid").startswith("élévation")
    assert translate.quantity("My own", None) is None
    assert translate.quantity("Latitude", "sea_water_salinity") == "Latitude"
    assert get_translator("en").quantity("Salinity") is None


def test_quantities_that_are_made_of_others_are_named_by_them():
    translate = get_translator("fr")
    assert translate.quantity("Speed along the line") == "Vitesse le long de la ligne"
    assert translate.quantity("Eastward part of current speed") == "Vitesse du courant, composante est"
    assert translate.quantity("Magnitude of UBAR and VBAR") == "Norme du vecteur (UBAR\u00a0; VBAR)"
    assert translate.quantity("Difference of Salinity") == "Salinité, différence"
    assert translate.quantity("Sea water temperature 2") == "Température de l'eau de mer 2"
    assert translate.quantity("time-averaged salinity") == "salinité, moyenne temporelle"
    assert translate.quantity("Anything else") is None
    for odd in ("difference of " * 300, "\u0130 anomaly", "magnitude of  and "):
        assert translate.quantity(odd) is None or isinstance(translate.quantity(odd), str)


def test_neighbours_are_asked_in_the_language():
    asked = []

    def answer(request):
        asked.append(request.headers.get("accept-language"))
        return httpx.Response(200, content=b"\x81\xa5value\xa3day", headers={"content-type": "application/x-msgpack"})

    neighbour = Neighbour("other", "http://other", httpx.MockTransport(answer))

    @get("/asks")
    async def asks() -> Quantum:
        return await neighbour.get("/x", Quantum)

    app = create_service(
        name="t", title="t", version="1", description="A service.", tags=[], api=[asks], texts=["ocean_common"]
    )
    with TestClient(app) as client:
        client.get("/api/v2.0/asks", headers=FRENCH)
        client.get("/api/v2.0/asks")
    assert asked == ["fr", None]
