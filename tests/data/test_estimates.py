"""How long an answer will be, told before it is read."""

import pytest
from litestar.testing import TestClient
from tests.data.extractions import STREAMED
from tests.looping import loop_over

AT = "/api/v2.0/data"
QUESTIONS = {
    "box": ("ostia_month/surface_temperature/area", {"bbox": "-140,-4,-100,4"}),
    "months": ("ostia_month/surface_temperature/area", {"bbox": "-140,-4,-120,4", "start": "0", "end": "-1"}),
    "cells": ("arctic_day/votemper/area", {"bbox": "0,66,40,80", "start": "2016-02-01", "end": "2016-02-03"}),
    "profile": ("arctic_day/votemper/profile", {"latitude": "74.5", "longitude": "20"}),
    "transect": ("arctic_day/votemper,x_velocity/transect", {"path": "70.5,18;77,12", "points": "200"}),
}


def estimate_and_answer(client, question, form):
    path, params = QUESTIONS[question]
    kind = path.rsplit("/", 1)[1]
    estimate = client.get(f"{AT}/{path.replace(f'/{kind}', f'/estimate/{kind}')}", params=params | {"format": form})
    answer = client.get(f"{AT}/{path}", params=params | {"format": form})
    assert (estimate.status_code, answer.status_code) == (200, 200), answer.text[:300]
    return estimate.json(), len(answer.content)


@loop_over("form", STREAMED)
@loop_over("question", QUESTIONS)
def test_the_length_of_a_text_is_foreseen(client, question, form):
    estimate, length = estimate_and_answer(client, question, form)
    assert (estimate["format"], estimate["allowed"]) == (form, True)
    assert 0.75 * length < estimate["size"] < 3 * length  # on land nothing is written, and here half is land


@loop_over("form", ["csv", "ndjson", "geojson"])
def test_it_is_close_where_there_are_values_everywhere(client, form):
    estimate, length = estimate_and_answer(client, "box", form)
    assert estimate["size"] == pytest.approx(length, rel=0.15)


def test_files_are_no_longer_than_foreseen(client):
    estimate, length = estimate_and_answer(client, "months", "netcdf")
    assert length <= estimate["size"]


def test_the_limits_are_those_of_the_format(app_over, shipped):
    path, params = QUESTIONS["months"]
    path = f"{AT}/{path.replace('/area', '/estimate/area')}"
    with TestClient(app_over(shipped.values(), max_document=1000)) as client:
        result = {form: client.get(path, params=params | {"format": form}).json() for form in ("json", "csv")}
        assert client.get(path, params=params).json()["size"] is None
    assert [item["allowed"] for item in result.values()] == [False, True]
    assert "1000" in result["json"]["reason"]


def test_an_unknown_format_is_refused_with_those_there_are(client):
    answer = client.get(f"{AT}/arctic_day/votemper/estimate/area", params={"bbox": "10,72,14,74", "format": "xml"})
    assert answer.status_code == 400
    assert "csv" in answer.json()["detail"]
