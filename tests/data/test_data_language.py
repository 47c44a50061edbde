"""The data service refuses, and names variables, in the language of its caller; numbers are the same in all."""

import re
from string import Formatter

import pytest
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.data.extractions import STREAMED
from tests.looping import loop_over

from ocean_common.i18n import get_translator, read_catalogue

API = "/api/v2.0"
POINT = {"latitude": "74.5", "longitude": "20"}
FRENCH = {"accept-language": "fr-CA,en;q=0.5"}
AT = f"{API}/data/arctic_day/votemper"
# What only an English sentence has; names of parameters and of formats stay as they are.
ENGLISH = re.compile(r"\b(the|is|are|has|have|and|or|write|give|ask|nor|its|with|of|there)\b")


@loop_over(
    ("path", "wrong", "says"),
    [
        (
            "timeseries",
            {"depth": "deep"},
            "la profondeur 'deep' n'est ni l'indice d'un niveau (0 est le premier) ni un",
        ),
        (
            "timeseries",
            {"depth": "99"},
            "votemper n'a pas de niveau de profondeur 99\u00a0; ses niveaux vont de 0 à 16",
        ),
        (
            "timeseries",
            {"time": "2016-02-09"},
            "il n'y a pas de pas de temps à 2016-02-09\u00a0; les plus proches sont",
        ),
        ("timeseries", {"time": "yesterday"}, "ou -1 pour le dernier"),
        ("timeseries", {"latitude": "10"}, "qui est comprise dans les latitudes 64.8 à 82.38 et les longitudes -10.75"),
        ("timeseries", {"latitude": "147"}, "latitude: `float` attendu, d'au plus 90"),
        ("timeseries", {"interpolation": "cubic"}, "interpolation: valeur non prévue\u00a0: 'cubic'"),
        ("timeseries", {"radius": "0"}, "radius: `float` attendu, supérieur à 0"),
        ("timeseries", {"format": "xlsx"}, "le format 'xlsx' n'est pas un de ceux-ci\u00a0: json, csv"),
        ("timeseries", {"start": "2016-02-03", "end": "2016-02-01"}, "end précède start\u00a0; échangez-les"),
        ("timeseries", {"latitute": "1"}, "il n'y a pas de paramètre 'latitute'\u00a0; vouliez-vous dire latitude"),
        ("transect", {"path": "75,10"}, "un trajet passe par au moins deux points différents"),
        ("transect", {"path": "75,10;75,20", "points": "1"}, "points: `int` attendu, d'au moins 2"),
        ("area", {"bbox": "10,76,30,70"}, "le sud 76 est au-dessus du nord 70\u00a0; échangez-les"),
        (
            "area",
            {"bbox": "100,0,101,1"},
            "elle est plus petite qu'une cellule, ou hors de la grille, qui est comprise",
        ),
        ("area", {"bbox": "10,70,30,76", "shape": "5,5"}, "une grille imposée a une projection et une forme, comme"),
    ],
)
def test_wrong_requests_are_refused_in_french(client, path, wrong, says):
    where = POINT if path == "timeseries" else {}
    response = client.get(f"{AT}/{path}", params=where | wrong | {"lang": "fr"})
    detail = response.json()["detail"]
    assert says in detail
    assert not ENGLISH.search(detail), detail
    assert response.headers["content-language"] == "fr"
    assert "accept-language" in response.headers["vary"]
    assert client.get(f"{AT}/{path}", params=where | wrong, headers=FRENCH).json()["detail"] == detail
    english = client.get(f"{AT}/{path}", params=where | wrong)
    assert english.json() | {"detail": ..., "message": ..., "title": ..., "errors": ..., "request_id": ...} == (
        response.json() | {"detail": ..., "message": ..., "title": ..., "errors": ..., "request_id": ...}
    )
    assert english.json()["detail"] != detail
    assert english.headers["content-language"] == "en"


@pytest.mark.parametrize(
    ("bbox", "instead"),
    [
        ({"bbox": "10,70,30,76"}, r"ou stride=\d+, ou moins de pas de temps, conviendrait"),
        ({"bbox": "10,70,30,76", "projection": "EPSG:3857", "shape": "90,90"}, r"shape=\d+,\d+, ou moins de pas de"),
    ],
)
def test_a_plot_over_the_budget_is_refused_with_what_would_fit(app_over, shipped, bbox, instead):
    with TestClient(app_over(shipped.values(), max_streamed=100)) as client:
        detail = client.get(f"{AT}/area", params=bbox | {"depth": "0"}, headers=FRENCH).json()["detail"]
        estimate = client.get(f"{AT}/estimate/area", params=bbox | {"depth": "0"}, headers=FRENCH)
    assert re.match(rf"cela demande \d+ valeurs, et la limite est de 100\u00a0; .*{instead}", detail)
    assert estimate.json()["reason"] == detail
    assert estimate.headers["content-language"] == "fr"


def test_a_period_that_would_fit_is_suggested_in_french(app_over, shipped):
    with TestClient(app_over(shipped.values(), max_streamed=50)) as client:
        detail = client.get(f"{AT}/timeseries", params=POINT | {"depth": "all", "lang": "fr"}).json()["detail"]
    assert re.search(r"; start=\S+ et end=\S+, soit 2 pas de temps, conviendrait$", detail)


@loop_over("form", STREAMED)
@loop_over("kind", ["point", "timeseries"])
def test_answers_name_their_variables_in_the_language_of_the_reader(client, form, kind):
    requests = POINT | {"format": form}
    english = client.get(f"{AT}/{kind}", params=requests)
    french = client.get(f"{AT}/{kind}", params=requests, headers=FRENCH)
    assert (english.status_code, french.status_code) == (200, 200)
    if form != "ndjson":  # it has keys alone
        assert "Température" in french.text
        assert "Température" not in english.text
    assert french.headers.get("etag") != english.headers.get("etag")
    numbers = [re.findall(r"-?\d+\.\d+", answer.text) for answer in (english, french)]
    assert numbers[0] == numbers[1]
    for item, language in ((english, "en"), (french, "fr")):
        assert item.headers["content-language"] == language
        assert "accept-language" in item.headers["vary"]


def test_netcdf_files_are_the_same_in_all_languages(client):
    files = [client.get(f"{AT}/point", params=POINT | {"format": "netcdf"}, headers=head) for head in ({}, FRENCH)]
    assert files[0].content == files[1].content
    assert files[0].headers["etag"] == files[1].headers["etag"]


def test_configured_names_come_before_those_of_quantities(app_over, shipped):
    assets = shipped["arctic_day", "votemper"]
    names = {"fr": {assets.variable.name: "Chaleur de l'eau", "Arctic Ocean": "Océan Arctique"}}
    named = replace(assets, variable=replace(assets.variable, dataset_name="Arctic Ocean", translations=names))
    with TestClient(app_over([named])) as client:
        answers = [client.get(f"{AT}/point", params=POINT | {"lang": lang}).json() for lang in ("fr", "en", "fr")]
    assert [answer["variables"]["votemper"]["name"] for answer in answers] == [
        "Chaleur de l'eau", assets.variable.name, "Chaleur de l'eau",
    ]  # fmt: skip
    translate = get_translator("fr", "ocean_data")
    magnitude = named.variable.magnitude_with(shipped["arctic_day", "x_velocity"].variable)
    assert translate.variable_name(magnitude).startswith("Norme du vecteur (Chaleur de l'eau")
    assert translate.dataset_name(named.variable) == "Océan Arctique"


def test_neighbours_are_refused_in_the_language_of_their_callers(client):
    query = {
        "dataset": "arctic_day",
        "variable": "votemper",
        "time": "2016-02-09",
        "depth": "0",
        "projection": "EPSG:3857",
    }
    query |= {"zoom": 4, "x": 8, "y": 3, "interpolation": "nearest", "radius": 25, "neighbours": 10}
    response = client.get("/internal/tile-field", params=query, headers={"accept-language": "fr"})
    assert response.json()["detail"].startswith("il n'y a pas de pas de temps à 2016-02-09")


def test_names_of_parameters_are_never_translated():
    texts = read_catalogue("ocean_data", "messages", "fr")
    for english, french in texts.items():
        by_name = re.findall(r"\b[a-z_]+=|\bminus\.\w+|max\(\[name\]\)|EPSG:\d+", english)
        assert all(name in french for name in by_name), english
        assert not re.search(r" [:;!?»]|« ", french), f"a breakable blank in {french}"
        assert not any("  " in piece for piece, *_ in Formatter().parse(french)), french
