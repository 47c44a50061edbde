"""How well files describe themselves: what the IOOS Compliance Checker finds missing, we find missing."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from tests.looping import loop_over

from ocean_metadata.catalogue.completeness import RECOMMENDED, rate_completeness
from ocean_metadata.catalogue.model import DatasetRecord

SAMPLES = Path(__file__).parents[2] / "deploy" / "sample_data"
CHECKER = Path(sys.executable).parent / "compliance-checker"
API = "/api/v2.0"
FILES = {
    "arctic_day": "projected/arctic20_roms_z.nc",
    "nemo_global_month": "nemo/nemo_1m_20150101-20150201_grid-T.nc",
    "ostia_month": "regular/ostia_monthly.nc",
    "wcofs_hour": "roms/wcofs_surface_uv.nc",
    "sfbofs_hour": "unstructured/sfbofs_fvcom.nc",
}
# The checker asks these of every file; we only of those that have levels.
FILE_ATTRIBUTES = [one for one in RECOMMENDED if one.of == "files"]
VARIABLE_ATTRIBUTES = [one for one in RECOMMENDED if one.of == "variables"]
VERTICAL = {one.name for one in FILE_ATTRIBUTES if one.needs == "depth"}


@cache
def checked(path):
    """Attributes that the checker misses: of the file, and of its variables."""
    command = [str(CHECKER), "--test=acdd:1.3", "--format=json", "-o", "-", str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100).stdout
    result = json.loads(text[text.index("{") : text.rindex("}") + 1])
    result = result.get("acdd:1.3", result)
    messages, variables = [], {}
    for level in ("high_priorities", "medium_priorities", "low_priorities"):
        for one in result[level]:
            if match := re.fullmatch(r'variable "(.+)" missing the following attributes:', one["name"]):
                variables.setdefault(match[1], set()).update(one["msgs"])
            else:
                messages += one["msgs"]
    by_name = {one.name for one in FILE_ATTRIBUTES}
    missed = {name for text in messages if re.search("not present|does not contain", text)
              for name in re.findall(r"[A-Za-z_]+", text) if name in by_name}  # fmt: skip
    return missed, variables


@loop_over("dataset", FILES)
@pytest.mark.ci
def test_attributes_missed_by_the_compliance_checker_are_missed(client, sample_catalogue, dataset):
    missed, of_variables = checked(SAMPLES / FILES[dataset])
    record = sample_catalogue.dataset(dataset)
    missing = client.get(f"{API}/dataset/{dataset}/completeness").json()["missing"]
    ours = {one["attribute"] for one in missing if not one["variables"]}
    missed = missed if record.depths else missed - VERTICAL
    assert len(missed) > 20
    # The checker leaves alone what the CF conventions ask for.
    assert ours >= missed
    assert all(record.attributes.get(name) in (None, "") for name in ours - missed)
    sources = {one.key: one for one in record.variables}
    for one in VARIABLE_ATTRIBUTES:
        keys = next((item["variables"] for item in missing if item["attribute"] == one.name and item["variables"]), [])
        lacking = {
            key
            for key, item in sources.items()
            if not (item.equation or item.auxiliary or item.hidden) and one.name in of_variables.get(item.source, ())
        }
        assert lacking <= set(keys)
        assert all(sources[key].attributes.get(one.name, "") == "" for key in keys)


def test_advice_names_what_the_catalogue_knows(client):
    result = {one["attribute"]: one for one in client.get(API + "/dataset/arctic_day/completeness").json()["missing"]}
    assert result["geospatial_lat_max"]["advice"] == "Give the northernmost latitude. Here: 82.3844"
    assert result["time_coverage_resolution"]["advice"].endswith("Here: P1D")
    assert result["time_coverage_duration"]["advice"].endswith("Here: P4D")
    assert result["geospatial_bounds"]["advice"].endswith("))")
    assert result["coverage_content_type"]["variables"][0] == "votemper"


def test_the_most_important_comes_first_and_the_score_is_on_the_page(client):
    document = client.get(API + "/dataset/arctic_day/completeness").json()
    order = ["high", "recommended", "suggested"]
    places = [order.index(one["importance"]) for one in document["missing"]]
    assert places == sorted(places)
    assert 0 < document["score"] < 100
    assert document["present"] + len(document["missing"]) == document["recommended"]
    assert client.get(API + "/dataset/arctic_day").json()["completeness"] == document["score"]


def test_files_that_say_everything_score_100():
    attributes = {one.name: "said" for one in FILE_ATTRIBUTES} | {"Conventions": "CF-1.11, ACDD-1.3"}
    result = rate_completeness(DatasetRecord(id="a", name="a", attributes=attributes))
    assert (result.score, result.missing) == (100, [])


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_attribute_says_nothing(empty):
    result = rate_completeness(DatasetRecord(id="a", name="a", attributes={"title": empty}))
    assert "title" in [one.attribute for one in result.missing]


@pytest.mark.parametrize("spelling", ["acknowledgement", "acknowledgment"])
def test_both_spellings_of_an_acknowledgement_count(spelling):
    result = rate_completeness(DatasetRecord(id="a", name="a", attributes={spelling: "Thanks"}))
    assert "acknowledgement" not in [one.attribute for one in result.missing]


def test_variables_without_levels_or_times_need_no_parameters_for_them():
    result = [one.attribute for one in rate_completeness(DatasetRecord(id="a", name="a")).missing]
    assert not [name for name in result if "vertical" in name or name.startswith("time_")]


def test_an_unknown_dataset_has_no_completeness(client):
    assert client.get(API + "/dataset/giops/completeness").status_code == 404
    assert client.get(API + "/dataset/arctic_day/completeness?lang_=x").status_code == 400
