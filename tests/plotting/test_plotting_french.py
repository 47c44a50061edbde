"""What the plotting service says in French: problems, tables, colormaps, legends, pictures."""

import json

from msgspec.structs import replace
from tests.looping import loop_over
from tests.plotting.fakes import info
from tests.plotting.test_plotting_plots import QUERY

from ocean_common.i18n import get_translator
from ocean_plotting.plots.common.comparison import name_model

NO_BREAK = "\N{NO-BREAK SPACE}"
FRENCH = {"accept-language": "fr-CA, en;q=0.5"}


def plot(client, **parameters):
    return client.get("/plot/profile", params={"query": json.dumps(QUERY), "lang": "fr", **parameters})


@loop_over(
    ("path", "status", "says"),
    [
        ("/plot/pie", 404, "il n'y a pas de graphique du genre 'pie' ; il y a : class4, "),
        ("/plot/profile?query={}", 400, "query : il manque le champ obligatoire `dataset`, à l'endroit $"),
        ("/plot/profile?query={", 400, "query n'est pas du JSON : "),
        ('/plot/profile?query={"dataset":"arctic","station":[[99,0]]}', 400, " ; c'est la latitude, de -90 à 90"),
        (
            '/plot/profile?query={"dataset":"arctic","station":[[73,20]],"interp":"magic"}',
            400,
            "$.interp vaut 'magic' ; les valeurs possibles sont : ",
        ),
        (
            '/plot/profile?query={"dataset":"arctic","station":[[73,20]]}&format=gif',
            400,
            "'gif' n'est pas un format de ce graphique ; les formats sont : ",
        ),
        (
            "/scale/arctic/votemper/5,1",
            400,
            "deux nombres séparés par une virgule sont attendus, le plus petit d'abord : ",
        ),
        ("/scale/arctic/votemper/0,1?colormap=nope", 400, "palette de couleurs 'nope' introuvable ; voir "),
    ],
)
def test_a_refusal_is_in_french(client, path, status, says):
    response = client.get(path, headers=FRENCH)
    assert response.status_code == status
    assert says in response.text.replace(NO_BREAK, " ")
    assert response.headers["content-language"] == "fr"
    assert "accept-language" in response.headers["vary"].lower()


def test_colormaps_have_names_in_french_and_are_in_their_order(client):
    french, english = (client.get("/plot/colormaps", params={"lang": name}) for name in ("fr", "en"))
    names = {name["id"]: name["value"] for name in french.json()}
    assert names["freesurface"] == "Hauteur de la surface de la mer (surface libre)"
    assert names["default"] == french.json()[0]["value"] == "Celle de la variable"
    assert set(names) == {name["id"] for name in english.json()}
    assert [name["id"] for name in french.json()] != [name["id"] for name in english.json()]
    for response, language in ((french, "fr"), (english, "en")):
        assert response.headers["content-language"] == language
        assert "accept-language" in response.headers["vary"].lower()


def test_the_chart_of_colormaps_is_another_one_in_french(client):
    english, french = (client.get("/plot/colormaps.png", params={"lang": name}).content for name in ("en", "fr"))
    assert english != french


def test_a_legend_has_the_name_in_french(client):
    path = "/scale/arctic/votemper/0,10?format=json"
    english, french = client.get(path), client.get(path, headers=FRENCH)
    assert (english.json()["name"], french.json()["name"]) == ("Temperature", "Température")
    assert french.headers["content-language"] == "fr"
    assert english.headers["etag"] != french.headers["etag"]
    bars = [client.get("/scale/arctic/votemper/0,10", params={"lang": name}).content for name in ("en", "fr")]
    assert bars[0] != bars[1]


def test_columns_of_a_csv_table_have_names_in_french(client):
    response = plot(client, format="csv")
    about, names = response.text.splitlines()[0], next(line for line in response.text.splitlines() if "//" not in line)
    assert about.startswith("// Jeu de données: ")
    assert names == "Latitude, Longitude, Profondeur (m), Température (°C), Salinité (PSU)"
    assert "accept-language" in response.headers["vary"].lower()
    assert response.headers["content-language"] == "fr"


def test_statistics_have_names_in_french(client):
    rows = [line.partition(",")[0] for line in plot(client, format="stats").text.splitlines() if "//" not in line]
    assert rows == ["Statistique", "Min", "Max", "Moyenne", "Écart type", "Nombre"]


def test_the_columns_that_odv_knows_keep_their_names(client):
    english, french = (
        next(line for line in plot(client, format="odv", lang=name).text.splitlines() if not line.startswith("//"))
        for name in ("en", "fr")
    )
    fixed = english.split("\t")[:7]
    assert french.split("\t")[:7] == fixed
    assert french.split("\t")[7].startswith("Température [")


def test_a_numbers_file_is_the_same_in_every_language(client):
    english, french = (plot(client, format="nc", lang=name) for name in ("en", "fr"))
    assert english.content == french.content


def test_a_picture_is_described_in_french(client):
    document = plot(client, format="described").json()
    assert document["language"] == "fr"
    assert document["title"].replace(NO_BREAK, " ").startswith("Température et salinité : profils à 2 stations")
    assert "jusqu'à" in document["alt"]


def test_models_beside_observations_have_their_configured_names():
    model = replace(info("votemper"), dataset_name="Warm sea", translations={"fr": {"Warm sea": "Mer chaude"}})
    names = [name_model([model], "arctic", get_translator(language, "ocean_plotting")) for language in ("en", "fr")]
    assert names == ["Warm sea", "Mer chaude"]
    assert name_model([], "arctic", get_translator("fr", "ocean_plotting")) == "arctic"
