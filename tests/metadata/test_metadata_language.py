"""The metadata service in French: what it says itself, and what the configuration says beside its English."""

import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.i18n import get_translator
from ocean_metadata.app import create_app
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
    labels = [one["value"] for one in french("/dataset/giops_day/votemper/depths").json()]
    assert labels[:3] == ["Fond", "Toutes les profondeurs", "0 m"]


def test_variables_are_named_and_sorted_in_french(french, client):
    found = {one["id"]: one["value"] for one in french("/dataset/giops_day/variables").json()}
    assert found["votemper"] == "Température"
    assert found["zeta"] == "Élévation de la surface de la mer"
    from_files = {one["id"]: one["value"] for one in french("/dataset/sfbofs_hour/variables").json()}
    assert from_files["salinity"] == "salinité"
    everywhere = french("/datasets/variables/all").json()
    assert "Température" in everywhere
    assert "Temperature" not in everywhere
    assert "Temperature" in client.get(f"{API}/datasets/variables/all").json()


def test_lists_are_told_as_the_configuration_says_in_french(french, client):
    one = french("/datasets").json()[0]
    assert one["value"] == "Arctic-20 ROMS, mers nordiques et de Barents, quotidien"
    assert one["group"] == "Données d'exemple"
    assert client.get(f"{API}/datasets").json()[0]["group"] == "Sample data"
    found = french("/datasets/search?q=mers+nordiques").json()["results"]
    assert [each["value"] for each in found] == [one["value"]]


def test_facets_keep_their_values_and_have_french_titles(french, client):
    facets = french("/datasets/search?q=temp").json()["facets"]
    titles = {one["value"]: one.get("title") for name in facets for one in facets[name]}
    assert titles["Sample data"] == "Données d'exemple"
    assert titles["month"] == "mois"
    assert titles["sea_water_potential_temperature"] == "température potentielle de l'eau de mer"
    english = client.get(f"{API}/datasets/search?q=temp").json()["facets"]
    assert not [one for name in english for one in english[name] if "title" in one]


@loop_over("path", ["/datasets", "/dataset/giops_day", "/dataset/nemo_global_month"])
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
    advice = [one["advice"] for one in french("/dataset/giops_day/completeness").json()["missing"]]
    assert advice
    assert all(one.startswith(("Donnez", "Dites", "Nommez", "Décrivez", "Renvoyez")) for one in advice)


@loop_over(
    ("path", "words"),
    [
        ("/dataset/giops_dya", "il n'y a pas de jeu de données 'giops_dya' (vouliez-vous dire 'giops_day'"),
        ("/dataset/giops_day/votempre/depths", "giops_day n'a pas de variable 'votempre'"),
        ("/datasets/filter/date?target_date=soon", "'soon' n'est pas une date\u00a0; écrivez-la comme"),
        ("/datasets/filter/date?target_date=03/04/2016", "peut désigner deux jours"),
        ("/datasets/search?limit=-1", "limit: `int` attendu, d'au moins 0"),
        ("/datasets/search?bbox=1,2", "bbox s'écrit ouest,sud,est,nord"),
        ("/datasets/search?limmit=1", "il n'y a pas de paramètre 'limmit'\u00a0; vouliez-vous dire limit"),
    ],
)
def test_problems_are_in_french(french, client, path, words):
    told = french(path)
    assert words in told.json()["detail"]
    assert told.headers["content-language"] == "fr"
    english = client.get(API + path)
    assert english.status_code == told.status_code
    assert english.json()["detail"] != told.json()["detail"]
    assert english.json()["type"] == told.json()["type"]


def test_reasons_are_in_french(index, make, write):
    folder = write({"a": {"url": "none*.nc", "name": {"en": "A", "fr": "Un A"}}}).parent
    catalogue = index(datasets=folder / "datasets.json").catalogue
    with TestClient(create_app(catalogue)) as client:
        (one,) = client.get(f"{API}/datasets/status", headers=FRENCH).json()
        assert one["reason"] == "aucun fichier n'a le nom donné par sa configuration"
        refused = client.get(f"{API}/dataset/a?lang=fr").json()["detail"]
    assert refused == f"le jeu de données 'a' ne peut pas être servi\u00a0: {one['reason']}"


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
    kept, others = split_languages(config, DATASET_TEXTS)
    assert kept == {"name": english}
    assert others == ({"fr": {"name": french}} if french else {})


def test_translations_are_kept_in_the_catalogue(index, make, write, tmp_path):
    make(tmp_path / "a.nc")
    names = {"name": {"en": "Sea", "fr": "Mer"}, "group_fr": "Groupe", "group": "Group"}
    write({"a": {"url": "a.nc", **names, "variables": {"thetao": {"name": "Heat", "name_fr": "Chaleur"}}}})
    found = index(datasets=tmp_path / "datasets.json").dataset("a")
    assert found.translations == {"fr": {"name": "Mer", "group": "Groupe"}}
    assert found.variables[0].translations == {"fr": {"name": "Chaleur"}}


def test_observed_quantities_have_french_names():
    names = ["Sea water temperature", "Sea water temperature 2", "Some counts"]
    told = ["Température de l'eau de mer", "Température de l'eau de mer 2", "Some counts"]
    assert [SAY.quantity(name) or name for name in names] == told


def test_forecasts_have_french_dates():
    leads = [ForecastLead(time=870134400 + day * 86400, lead=24.0 * day, units="h") for day in (0, 3)]
    found = [one.value for one in list_forecasts(FileSummary(day="", model="", leads=leads), SAY)]
    assert found == ["Meilleure estimation", "29 juillet 1997", "1er août 1997"]
    lead = [ForecastLead(time=None, lead=24.0, units="h")]
    assert list_forecasts(FileSummary(day="", model="", leads=lead), SAY)[1].value == "Échéance de 24 h"
