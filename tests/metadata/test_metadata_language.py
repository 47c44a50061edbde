"""The metadata service in French: what it says itself, and what the configuration says beside its English."""

import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.i18n import ENGLISH, get_translator
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.serializers import describe_variable
from ocean_metadata.class4.model import FileSummary, ForecastLead, list_forecasts
from ocean_metadata.index.configuration import DATASET_TEXTS, split_languages

API = "/api/v2.0"
FRENCH = {"accept-language": "fr-CA"}
BROWSER = {"accept": "text/html,*/*;q=0.1"}
SAY = get_translator("fr", "ocean_metadata")


@pytest.fixture
def french(client):
    def french(path, **headers):
        return client.get(API + path, headers=FRENCH | headers)

    return french


def test_depths_have_french_labels(french):
    labels = [item["value"] for item in french("/dataset/arctic_day/votemper/depths").json()]
    assert labels[:3] == ["Fond", "Toutes les profondeurs", "0 m"]


def test_variables_are_named_and_sorted_in_french(french, client):
    result = {item["id"]: item["value"] for item in french("/dataset/arctic_day/variables").json()}
    assert result["votemper"] == "Température"
    assert result["zeta"] == "Élévation de la surface de la mer"
    from_files = {item["id"]: item["value"] for item in french("/dataset/sfbofs_hour/variables").json()}
    assert from_files["salinity"] == "salinité"
    everywhere = french("/datasets/variables/all").json()
    assert "Température" in everywhere
    assert "Temperature" not in everywhere
    assert "Temperature" in client.get(f"{API}/datasets/variables/all").json()


def test_lists_have_the_french_names_of_the_configuration(french, client):
    entry = french("/datasets").json()[1]
    assert entry["value"] == "Arctic-20 ROMS, mers nordiques et de Barents, quotidien"
    assert entry["group"] == "Données d'exemple"
    assert client.get(f"{API}/datasets").json()[1]["group"] == "Sample data"
    results = french("/datasets/search?q=mers+nordiques").json()["results"]
    assert [item["value"] for item in results] == [entry["value"]]


def test_facets_keep_their_values_and_have_french_titles(french, client):
    facets = french("/datasets/search?q=temp").json()["facets"]
    titles = {item["value"]: item.get("title") for name in facets for item in facets[name]}
    assert titles["Sample data"] == "Données d'exemple"
    assert titles["month"] == "mois"
    assert titles["sea_water_potential_temperature"] == "température potentielle de l'eau de mer"
    english = client.get(f"{API}/datasets/search?q=temp").json()["facets"]
    assert not [item for name in english for item in english[name] if "title" in item]


@loop_over("path", ["/datasets", "/dataset/arctic_day", "/dataset/nemo_global_month"])
def test_pages_are_in_the_language_and_lead_to_the_other(french, client, path):
    page = french(path, **BROWSER)
    assert page.headers["content-language"] == "fr"
    assert set(page.headers["vary"].split(", ")) == {"accept", "accept-language"}
    assert '<html lang="fr">' not in client.get(API + path, headers=BROWSER).text
    assert '<html lang="fr">' in page.text
    assert f'hreflang="en" href="{API}{path}?lang=en"' in page.text
    for english in ("Datasets", "Time steps", "Standard name", "What is missing", "How the service", ">day<", "Here:"):
        assert english not in page.text
    assert client.get(f"{API}{path}?lang=fr", headers=BROWSER).text == page.text


def test_advice_is_in_french(french):
    advice = [item["advice"] for item in french("/dataset/arctic_day/completeness").json()["missing"]]
    assert advice
    assert all(item.startswith(("Donnez", "Dites", "Nommez", "Décrivez", "Renvoyez")) for item in advice)


@loop_over(
    ("path", "words"),
    [
        ("/dataset/arctic_dya", "il n'y a pas de jeu de données 'arctic_dya' (vouliez-vous dire 'arctic_day'"),
        ("/dataset/arctic_day/votempre/depths", "arctic_day n'a pas de variable 'votempre'"),
        ("/datasets/filter/date?target_date=soon", "'soon' n'est pas une date\u00a0; écrivez-la comme"),
        ("/datasets/filter/date?target_date=03/04/2016", "peut désigner deux jours"),
        ("/datasets/search?limit=-1", "limit: `int` attendu, d'au moins 0"),
        ("/datasets/search?bbox=1,2", "bbox s'écrit ouest,sud,est,nord"),
        ("/datasets/search?limmit=1", "il n'y a pas de paramètre 'limmit'\u00a0; vouliez-vous dire limit"),
    ],
)
def test_problems_are_in_french(french, client, path, words):
    reported = french(path)
    assert words in reported.json()["detail"]
    assert reported.headers["content-language"] == "fr"
    english = client.get(API + path)
    assert english.status_code == reported.status_code
    assert english.json()["detail"] != reported.json()["detail"]
    assert english.json()["type"] == reported.json()["type"]


def test_reasons_are_in_french(index, make, write):
    folder = write({"a": {"url": "none*.nc", "name": {"en": "A", "fr": "Un A"}}}).parent
    catalogue = index(datasets=folder / "datasets.json").catalogue
    with TestClient(create_app(catalogue)) as client:
        (item,) = client.get(f"{API}/datasets/status", headers=FRENCH).json()
        assert item["reason"] == "aucun fichier n'a le nom donné par sa configuration"
        refused = client.get(f"{API}/dataset/a?lang=fr").json()["detail"]
    assert refused == f"le jeu de données 'a' ne peut pas être servi\u00a0: {item['reason']}"


@loop_over(
    ("config", "english", "french"),
    [
        ({"name": "Sea"}, "Sea", None),
        ({"name": "Sea", "name_fr": "Mer"}, "Sea", "Mer"),
        ({"name": {"en": "Sea", "fr": "Mer"}}, "Sea", "Mer"),
        ({"name": {"fr": "Mer"}}, "Mer", "Mer"),
        ({"name_en": "Sea", "name_fr": "Mer"}, "Sea", "Mer"),
        ({"name": {"en": "Sea", "de": "Meer"}}, "Sea", None),
    ],
)
def test_a_configuration_says_its_texts_in_both_languages(config, english, french):
    stored, rest = split_languages(config, DATASET_TEXTS)
    assert stored == {"name": english}
    assert rest == ({"fr": {"name": french}} if french else {})


def test_translations_are_stored_in_the_catalogue(index, make, write, tmp_path):
    make(tmp_path / "a.nc")
    names = {"name": {"en": "Sea", "fr": "Mer"}, "group_fr": "Groupe", "group": "Group"}
    names |= {"attribution": "An office", "attribution_fr": "Un bureau"}
    write({"a": {"url": "a.nc", **names, "variables": {"thetao": {"name": "Heat", "name_fr": "Chaleur"}}}})
    result = index(datasets=tmp_path / "datasets.json").dataset("a")
    assert result.translations == {"fr": {"name": "Mer", "group": "Groupe", "attribution": "Un bureau"}}
    assert result.variables[0].translations == {"fr": {"name": "Chaleur"}}
    info = describe_variable(result, result.variables[0])
    assert info.translations == {"fr": {"Sea": "Mer", "An office": "Un bureau", "Heat": "Chaleur"}}
    assert (SAY.variable_name(info), SAY.dataset_name(info)) == ("Chaleur", "Mer")
    assert (ENGLISH.variable_name(info), ENGLISH.dataset_name(info)) == ("Heat", "Sea")
    assert (SAY.attribution(info), ENGLISH.attribution(info)) == ("Un bureau", "An office")
    assert SAY.describe(info).attribution == "Un bureau"


def test_observed_quantities_have_french_names():
    names = ["Sea water temperature", "Sea water temperature 2", "Some counts"]
    reported = ["Température de l'eau de mer", "Température de l'eau de mer 2", "Some counts"]
    assert [SAY.quantity(name) or name for name in names] == reported


def test_forecasts_have_french_dates():
    leads = [ForecastLead(time=870134400 + day * 86400, lead=24.0 * day, units="h") for day in (0, 3)]
    result = [forecast.value for forecast in list_forecasts(FileSummary(day="", model="", leads=leads), SAY)]
    assert result == ["Meilleure estimation", "29 juillet 1997", "1er août 1997"]
    lead = [ForecastLead(time=None, lead=24.0, units="h")]
    assert list_forecasts(FileSummary(day="", model="", leads=lead), SAY)[1].value == "Échéance de 24 h"
