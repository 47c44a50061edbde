"""The documents: complete, true, and shown without any foreign host."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import jsonschema
import pytest
from tests.looping import leave_to_ci

SERVICES = ("metadata", "data", "plotting")
PATHS = {"metadata": "/api/v2.0/dataset", "data": "/api/v2.0/data/", "plotting": "/api/v2.0/tiles/"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def documents(run):
    return {name: run.http.get(f"/{name}/openapi.json").json() for name in SERVICES}


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


# Errors of protocols that have a form of their own.
OWN_FORMS = {"opendap": "text/plain", "wms": "text/xml"}


def test_every_operation_is_described_for_clients(documents):
    ids = []
    for document in documents.values():
        assert document["openapi"].startswith("3.1")
        for method, path, one in operations(document):
            where = f"{method} {path}"
            ids.append(one["operationId"])
            assert re.fullmatch(r"[a-z][a-zA-Z0-9]+", one["operationId"]), where
            assert one["summary"], where
            assert one["tags"], where
            assert "400" in one["responses"] or not one.get("parameters"), where
            for parameter in one.get("parameters", []):
                assert parameter.get("description"), f"{where}: {parameter['name']}"
            for status, response in one["responses"].items():
                media = response.get("content", {})
                kinds = set(media)
                form = OWN_FORMS.get(path.split("/")[1], "application/problem+json")
                assert not status.startswith("4") or kinds == {form}, where
    assert len(ids) == len(set(ids))


def example_of(parameter):
    for holder in (parameter, parameter.get("schema", {})):
        if "example" in holder:
            return holder["example"]
        examples = holder.get("examples")
        if examples:
            first = next(iter(examples.values())) if isinstance(examples, dict) else examples[0]
            return first.get("value", first) if isinstance(first, dict) else first
    return parameter.get("schema", {}).get("default")


@pytest.mark.ci
def test_the_examples_of_every_document_work_and_answer_as_documented(run, documents):
    run.imported()
    for name, document in documents.items():
        requests = [(path, one) for method, path, one in operations(document) if method == "get"]
        assert requests, name
        for path, one in requests:
            check_example(run.http, document, path, one)


DAYS = {"start": "2016-02-01", "end": "2016-02-02"}
TOGETHER = {
    "projection": {"shape": "20,30"},  # of a stated grid
    "shape": {"projection": "EPSG:4326"},
    "minus_start": DAYS | {"minus_end": "2016-02-02"},
    "minus_end": DAYS | {"minus_start": "2016-02-01"},
}
VECTOR = "/x_velocity,y_velocity/"  # one variable is none
PLACES = {"bbox", "min_range", "max_range"}  # one of these or an area is required
EITHER = {"area"}  # excludes these


def check_example(http, document, path, operation):
    where, needed, more = path, {}, [{}]
    for parameter in operation.get("parameters", []):
        name, example = parameter["name"], example_of(parameter)
        if parameter["in"] == "path":
            assert example is not None, f"{path}: no example of {name}"
            where = where.replace("{" + name + "}", str(example))
        elif parameter["in"] == "query" and (parameter.get("required") or name in PLACES):
            assert example is not None, f"{path}: no example of {name}"
            needed[name] = str(example)
        elif parameter["in"] == "query" and example is not None and name not in EITHER:
            more.append({name: str(example)})
    if "/plot/" in path:  # every request is drawn, and none of these excludes another
        more = [{}, {name: example for query in more for name, example in query.items()}]
    for query in more:  # those that may be left out, one by one: some exclude each other
        present = where.replace("/votemper/", VECTOR) if "vector" in query else where
        gridded = TOGETHER.get(*query, {}) if "/data/" in path and query else {}
        check_answer(http, document, operation, present, needed | query | gridded)


def check_answer(http, document, operation, where, query):
    content = operation["responses"]["200"]["content"]
    if "text/event-stream" in content:  # it goes on until somebody leaves
        with http.stream("GET", where, params=query) as started:
            assert started.status_code == 200, (where, query)
            assert started.headers["content-type"].startswith("text/event-stream")
        return
    response = http.get(where, params=query)
    assert response.status_code == 200, (where, query, response.text)
    kind = response.headers["content-type"].split(";")[0]
    assert kind in {one.split(";")[0] for one in content}, (where, kind)
    if kind == "application/json" and "schema" in content[kind]:
        schema = content[kind]["schema"] | {"components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(response.json())


def test_the_merged_document_has_every_operation_once(run, documents):
    merged = run.http.get("/openapi.json").json()
    assert "x-conflicts" not in merged
    assert "x-missing" not in merged
    assert {path for one in documents.values() for path in one["paths"]} == set(merged["paths"])
    references = set(re.findall(r'"#/components/(\w+/\w+)"', json.dumps(merged)))
    existing = {f"{kind}/{name}" for kind, by_name in merged["components"].items() for name in by_name}
    assert references <= existing


# Every combination of parameters is asked for in the tests with full counts.
DRAWING = 1200  # s
WILD = [
    *(pytest.param(name, "examples,fuzzing", 1) for name in SERVICES),
    *(
        pytest.param(name, "examples,coverage,fuzzing", 5, marks=[pytest.mark.full, pytest.mark.timeout(1800)])
        for name in SERVICES
    ),
]


@pytest.mark.ci
@pytest.mark.parametrize(("name", "phases", "examples"), WILD)
def test_wild_requests_find_no_failure_of_a_service(run, name, phases, examples, tmp_path):
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance"
    tool = Path(sys.executable).with_name("st")
    command = [
        *(str(tool), "run", f"{run.web}/{name}/openapi.json", "--phases", phases, "--mode", "all"),
        *("--max-examples", str(examples), "--checks", checks, "--seed", "1", "--no-color", "--request-timeout", "60"),
        *("--exclude-path", "/api/v2.0/events"),  # it never ends
    ]
    if name == "plotting" and "coverage" in phases:  # thousands of figures: as many as are drawn in this time
        command += ["--max-time", str(DRAWING)]
    completed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout[-6000:]


def page(url, folder):
    """What a browser makes of a page when it can reach this machine only."""
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"),
        *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=15000"),
        *(f"--user-data-dir={folder}", url),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


SHOWN = [
    ("/docs", "/api/v2.0/dataset"),
    ("/docs/all", "/api/v2.0"),
    *((f"/{name}/docs", PATHS[name]) for name in SERVICES),
    *((f"/{name}/docs/redoc", PATHS[name]) for name in SERVICES),
]
# The pages of all services come from the same code.
BROWSED = [
    pytest.param(*one, marks=[pytest.mark.full] if one[0].startswith(("/metadata", "/plotting")) else [])
    for one in SHOWN
]


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium to look at pages with")
@pytest.mark.parametrize(("path", "text"), leave_to_ci(BROWSED))
def test_a_page_is_shown_without_any_foreign_host(run, tmp_path, path, text):
    run.http.get(path)
    shown = re.sub(r"<(script|style)\b.*?</\1>", "", page(run.web + path, tmp_path), flags=re.DOTALL)
    visible = re.sub(r"<wbr>|\u200b|<[^>]+>", "", shown)  # Swagger UI breaks a path into pieces
    assert text in visible


def test_pages_name_no_foreign_host_to_load_from(run):
    for path, _ in SHOWN:
        text = run.http.get(path).text
        loaded = re.findall(r'(?:src|href)=["\'](?:https?:)?//([^/"\']+)', text)
        assert not loaded, path


def test_hub_and_document_answer_without_the_gateways_neighbours(run):
    """They are served by an app of their own."""
    own = run.urls()["gateway"]
    assert httpx.get(f"{own}/docs").is_success
    assert httpx.get(f"{own}/openapi.json").is_success
