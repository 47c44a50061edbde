"""Answers in the language of who asks: negotiation, templates, and what caches are told."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.clients.http import Neighbour
from ocean_common.contracts.metadata import Quantum
from ocean_common.http import Freshness, negotiate_language
from ocean_common.i18n import LANGUAGES, Translator, get_translator, join_components
from ocean_common.parameters import refuse_unknown_parameters
from ocean_common.service import create_service
from ocean_core import errors
from ocean_core.errors import Message

FRENCH = {"accept-language": "fr-CA,fr;q=0.9,en;q=0.5"}
TEXTS = {
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


class Revisions:
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
        dependencies={"freshness": Freshness(Revisions(), "1", 60)},
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


def test_a_response_cached_in_one_language_is_not_sent_in_the_other(client):
    french = client.get("/api/v2.0/kept/a", headers=FRENCH)
    again = {"if-none-match": french.headers["etag"]}
    assert client.get("/api/v2.0/kept/a", headers=again).status_code == 200
    unchanged = client.get("/api/v2.0/kept/a", headers=again | FRENCH)
    assert unchanged.status_code == 304
    assert unchanged.headers["vary"] == "accept-language"


def test_problems_are_translated(client):
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
    document = client.get("/api/v2.0/programs?lang=python", headers=FRENCH).json()
    assert document["detail"] == "il n'y a pas de paramètre 'python'\u00a0; python"


def test_the_openapi_document_names_the_languages(client):
    document = client.get("/tested/openapi.json").json()
    paths = document["paths"]
    (lang,) = paths["/api/v2.0/said"]["get"]["parameters"]
    assert lang["name"] == "lang"
    name = lang["schema"].get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"][name] if name else lang["schema"]
    assert {"en", "fr"} <= set(schema["enum"])
    assert "parameters" not in paths["/api/v2.0/silent"]["get"]


def test_a_service_without_catalogues_speaks_english():
    app = create_service(name="t", title="t", version="1", description="A service.", tags=[], api=[said])
    with TestClient(app) as client:
        response = client.get("/api/v2.0/said?lang=fr", headers=FRENCH)
        assert response.json() == {"value": "Not Found"}
        assert response.headers["content-language"] == "en"
        assert "vary" not in response.headers
        assert client.get("/api/v2.0/nothing", headers=FRENCH).json()["title"] == "Not Found"


def test_templates_are_filled_with_values_as_they_are():
    translate = Translator("fr", TEXTS, {})
    assert translate("{count} levels", count="{0}") == "{0} niveaux"
    assert translate("{count} layers", count=3) == "3 layers"


def test_messages_within_messages_are_translated():
    translate = Translator("fr", {"{name}: {reason}": "{name} : {reason}", "gone": "disparu"}, {})
    assert translate(Message("{name}: {reason}", name="a.nc", reason=Message("gone"))) == "a.nc : disparu"
    assert translate(Message("{name}: {reason}", name="{0}", reason="gone")) == "{0} : gone"


def test_quantities_keep_the_capital_of_their_names():
    translate = get_translator("fr")
    assert translate.quantity("Salinity") == "Salinité"
    assert translate.quantity("sea water salinity") == "salinité de l'eau de mer"
    assert translate.quantity("My own", "sea_surface_height_above_geoid").startswith("élévation")
    assert translate.quantity("My own", None) is None
    assert translate.quantity("Latitude", "sea_water_salinity") == "Latitude"
    assert get_translator("en").quantity("Salinity") is None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("u-momentum component", "v-momentum component", "u- and v-momentum component"),
        ("Eastward Current", "Northward Current", "Eastward and Northward Current"),
        ("wind", "north wind", "wind and north wind"),
        ("UBAR 2", "VBAR 2", "UBAR 2 and VBAR 2"),
        ("UBAR", "VBAR", "UBAR and VBAR"),
    ],
)
def test_words_in_which_both_components_end_are_written_once(first, second, expected):
    assert join_components(f"Magnitude of {first} and {second}") == f"Magnitude of {expected}"


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


def test_neighbours_are_requested_in_the_language():
    requests = []

    def answer(request):
        requests.append(request.headers.get("accept-language"))
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
    assert requests == ["fr", None]
