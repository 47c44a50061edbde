"""Who asks in French is refused in French, whichever service finds what is wrong."""

import json

from tests.looping import loop_over

API = "/api/v2.0"
FRENCH = {"accept-language": "fr-CA,fr;q=0.9,en;q=0.5"}
PLOT = {"dataset": "arctic_day", "variable": ["votemper"], "time": 1454673600, "station": [[10, 20]]}
PROFILE = f"{API}/plot/profile"


@loop_over(
    ("path", "params", "says"),
    [
        (f"{API}/dataset/nowhere", {}, "il n'y a pas de jeu de données 'nowhere'"),
        (f"{API}/data/arctic_day/votemper/timeseries", {"latitude": 10, "longitude": 20}, "est hors de la grille"),
        (
            f"{API}/data/nowhere/votemper/timeseries",
            {"latitude": 75, "longitude": 20},
            "il n'y a pas de jeu de données",
        ),
        # What plotting asks of its neighbours:
        (f"{API}/tiles/arctic_day/votemper/1/0/4/8/3", {}, "il n'y a pas de pas de temps à 1\u00a0; les plus proches"),
        (f"{API}/tiles/arctic_day/votemper/1454673600/99/4/8/3", {}, "votemper n'a pas de niveau de profondeur 99"),
        (PROFILE, {"query": json.dumps(PLOT)}, "est hors de la grille de votemper"),
        (PROFILE, {"query": json.dumps(PLOT | {"dataset": "nowhere"})}, "il n'y a pas de jeu de données 'nowhere'"),
    ],
)
def test_problems_are_in_french_from_every_service(http, path, params, says):
    response = http.get(path, params=params, headers=FRENCH)
    assert says in response.json()["detail"]
    assert response.headers["content-language"] == "fr"
    assert http.get(path, params=params | {"lang": "fr"}).json()["detail"] == response.json()["detail"]
    english = http.get(path, params=params)
    assert (english.status_code, english.json()["type"]) == (response.status_code, response.json()["type"])
    assert english.json()["detail"] != response.json()["detail"]
