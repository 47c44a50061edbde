"""The real gateway files in the real Traefik: who answers what, and how its own errors look."""

import json

import httpx
import msgspec
import pytest
from tests.gateway.conftest import answers, until
from tests.looping import loop_over

from ocean_common.contracts.common import Problem

API = "/api/v2.0"
RAW = '{"type":"about:blank"}'


def problem_of(response):
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content, type=Problem)
    assert problem.status == response.status_code
    assert problem.message
    return problem


@loop_over(
    ("path", "service"),
    [
        ("/git_info", "metadata"),
        ("/datasets", "metadata"),
        ("/datasets/variables/all", "metadata"),
        ("/dataset/arctic_day/variables?vectors_only=True", "metadata"),
        ("/api/v2.0/arctic_day/timeunit", "metadata"),
        ("/class4", "metadata"),
        ("/class4/ocean_predict?id=a%2Fb", "metadata"),
        ("/kml/point/a?projection=EPSG:3857", "metadata"),
        ("/observation/meta/station/7%7D.json", "metadata"),
        ("/observation/point/start_date=2019-05-27&area=[[45,-45]].json", "metadata"),
        ("/generate_script?query=%7B%7D", "metadata"),
        ("/events", "metadata"),
        ("/data/arctic_day/votemper/profile", "data"),
        ("/subset/arctic_day/votemper,vosaline", "data"),
        ("/range/g/v/gaussian/25/10/EPSG:3857/-13.5,2.1,3,4/0/1", "data"),
        ("/tiles/quiver/g/v/1/0/-1/4/1/1", "data"),
        ("/tiles/arctic_day/votemper/1/0/4/5/6?scale=-5,30", "plotting"),
        ("/tiles/topo/1/0/0", "plotting"),
        ("/mbt/lands/4/1/1", "plotting"),
        ("/scale/arctic_day/votemper/-5,30", "plotting"),
        ("/plot/profile?query=%7B%22dataset%22:%22g%22%7D&format=json", "plotting"),
        ("/plot/colormaps.png/", "plotting"),
    ],
)
def test_a_path_of_the_api_reaches_its_service_as_it_was_sent(gateway, path, service):
    response = gateway.get(API + path)
    assert response.headers["reached"] == service
    assert response.headers["raw"] == API + path


@loop_over("service", ["metadata", "data", "plotting"])
@loop_over("path", ["openapi.json", "docs", "docs/redoc", "docs/assets/swagger-ui-dist/swagger-ui.css"])
def test_the_documents_of_a_service_come_from_it(gateway, service, path):
    assert gateway.get(f"/{service}/{path}").headers["reached"] == service


@loop_over("path", ["a%2Fb", "%7D", "[[45,-45]]", "a;b", "%3B", "%00", "%5C", "%25", "%3F", "%23", "%20"])
def test_an_encoded_path_passes_as_it_is(gateway, path):
    assert gateway.get(f"{API}/kml/{path}").headers["raw"] == f"{API}/kml/{path}"


def test_a_long_query_passes(gateway):
    assert len(gateway.get(f"{API}/plot/profile?query={'a' * 60_000}").headers["raw"]) > 60_000


@loop_over(
    "path",
    [
        "/internal/assets/arctic_day/votemper",
        "//internal/revisions",
        "/metadata/../internal/revisions",
        "/metadata/%2e%2e/internal/revisions",
        "/metadata/internal/revisions",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/metadata/metrics",
        "/dashboard/",
        "/api/overview",
        "/api/rawdata",
        "/ping",
        "/gateway/openapi.json",
        "/internal/errors/502",
        "/internal/no-route",
        "/datasets",
        "/api/v1.1/datasets",
        "/api/v2.0",
        "/api/v2.0/",
        "/api/v2.0/dataset_list",
        "/metadata/documents",
        "/favicon.ico",
    ],
)
@loop_over("method", ["GET", "POST", "HEAD"])
def test_a_private_route_is_a_404_problem(gateway, path, method):
    # As a client sends it: httpx would tidy the path.
    url = httpx.URL(gateway.urls["web"]).copy_with(raw_path=path.encode())
    response = gateway.request(method, url, headers={"X-Ocean-Service": "data", "X-Replaced-Path": "/docs"})
    assert response.status_code == 404
    assert "reached" not in response.headers
    if method != "HEAD":
        assert problem_of(response).detail.startswith("/")


@loop_over(
    ("old", "service", "new"),
    [
        ("/gitinfo", "metadata", "/git_info"),
        ("/scale/g/t/-5,30.png", "plotting", "/scale/g/t/-5,30"),
        ("/subset/?variables=t&dataset_name=g", "data", "/subset/g/t"),
        ("/observation/point/start_date=2019;area=[[1,2]].json", "metadata", None),
    ],
)
def test_version_1_is_answered_by_the_services_of_version_2(gateway, old, service, new):
    response = gateway.get(f"/api/v1.0{old}")
    assert (response.headers["reached"], response.headers["raw"]) == (service, API + (new or old))
    assert response.headers["access-control-allow-origin"] == "*"


@loop_over("path", ["/api", "/api/", "/api/v1.0", "/api/v1.0/nothing"])
def test_an_unknown_address_of_version_1_is_a_400_with_a_link(gateway, path):
    response = gateway.get(path)
    assert (response.status_code, response.json()["link"]) == (400, "/docs")


@loop_over("header", ["X-Ocean-Service", "X_Ocean_Service", "x-ocean-service"])
def test_nobody_outside_can_say_which_service_is_missing(gateway, header):
    assert gateway.get(f"{API}/datasets", headers={header: "data"}).headers["told"] == "metadata"
    assert gateway.get("/docs", headers={header: "data"}).status_code == 200


@loop_over("status", [400, 404, 413, 414, 422, 500, 503])
def test_an_error_answer_of_a_service_passes_as_it_is(gateway, status):
    headers = {"want-status": str(status), "want-body": RAW, "want-type": "application/problem+json"}
    response = gateway.get(f"{API}/data/a", headers=headers)
    assert (response.status_code, response.text) == (status, RAW)


@loop_over("status", [429, 502, 504])
@loop_over("method", ["GET", "POST"])
def test_an_error_of_the_gateway_is_a_problem_that_names_the_service(gateway, status, method):
    headers = {"want-status": str(status), "want-body": "bad", "want-type": "text/plain", "origin": "http://a.example"}
    response = gateway.request(
        method, f"{API}/plot/profile", headers=headers, content=b"{}" if method == "POST" else b""
    )
    assert response.status_code == status
    assert "plotting" in problem_of(response).detail
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["access-control-allow-origin"] == "*"


def test_a_dead_service_is_reported_at_once_and_until_it_is_back(gateway):
    path, observed = f"{API}/data/a", []

    def ask(method="GET"):
        response = gateway.request(method, path)
        if response.status_code != 200:
            observed.append(response.status_code)
            assert int(response.headers["retry-after"]) > 0
            assert method == "HEAD" or "data" in problem_of(response).detail
        return response.status_code

    gateway.stand_ins["data"].stop()
    try:
        assert ask() in {502, 503}
        until(lambda: ask() == 503)  # the health check knows
        assert [ask(method) for method in ("GET", "HEAD", "POST", "PUT", "DELETE")] == [503] * 5
        assert set(observed) <= {502, 503}
        for other in ("/datasets", "/plot/colormaps"):
            assert gateway.get(API + other).status_code == 200
    finally:
        gateway.stand_ins["data"].start()
    until(lambda: ask() == 200)


def test_hub_and_merged_document_answer_without_any_service(gateway):
    for item in gateway.stand_ins.values():
        item.stop()
    try:
        until(lambda: gateway.get("/openapi.json").json().get("x-missing") == ["metadata", "data", "plotting"])
        assert "no response" in gateway.get("/docs").text
        until(lambda: gateway.get(f"{API}/datasets").status_code == 503)
        assert problem_of(gateway.get("/nowhere")).status == 404
    finally:
        for item in gateway.stand_ins.values():
            item.start()
    for path in ("/datasets", "/data/a", "/plot/a"):
        until(lambda path=path: answers(gateway.http, API + path))


@loop_over("encoding", ["zstd", "br", "gzip"])
def test_text_is_compressed_by_accept_encoding(gateway, encoding):
    response = gateway.get(f"{API}/datasets", headers={"accept-encoding": encoding})
    assert response.headers["content-encoding"] == encoding
    varies = {part.strip().lower() for part in response.headers["vary"].split(",")}
    assert varies == {"accept", "accept-encoding"}  # what the service said, and what the gateway does
    assert response.headers["access-control-allow-origin"] == "*"


def test_nothing_is_compressed_unasked(gateway):
    assert "content-encoding" not in gateway.get(f"{API}/datasets", headers={"accept-encoding": "identity"}).headers


@loop_over(
    "kind", ["image/png", "image/jpeg", "application/pdf", "application/netcdf", "text/event-stream", "application/zip"]
)
def test_compressed_and_streamed_responses_stay_as_they_are(gateway, kind):
    response = gateway.get(f"{API}/plot/a", headers={"accept-encoding": "gzip, br, zstd", "want-type": kind})
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("path", [f"{API}/datasets", "/nowhere"])
def test_a_page_of_another_origin_may_ask(gateway, path):
    wish = {"origin": "http://a.example", "access-control-request-method": "GET"}
    response = gateway.options(path, headers=wish | {"access-control-request-headers": "cache-control"})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "GET" in response.headers["access-control-allow-methods"]
    answer = gateway.get(path, headers={"origin": "http://a.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_the_access_log_has_the_id_of_a_request(gateway):
    gateway.get(f"{API}/datasets", headers={"x-request-id": "seen-in-the-log"})
    assert until(lambda: '"request_X-Request-Id":"seen-in-the-log"' in gateway.log.read_text())


def test_operators_find_metrics_and_dashboard_inside(gateway):
    assert httpx.get(f"{gateway.urls['admin']}/ping").text == "OK"
    assert httpx.get(f"{gateway.urls['admin']}/dashboard/").status_code == 200
    gateway.get(f"{API}/datasets")  # a router is counted once it has answered
    for name in ("traefik_service_server_up", 'router="web-metadata@file"'):
        # Counted after the answer is sent.
        assert until(lambda name=name: name in httpx.get(f"{gateway.urls['metrics']}/metrics").text)


@loop_over("path", [f"{API}/datasets", "/docs", "/nowhere"])
@loop_over("point", ["admin", "metrics"])
def test_an_internal_entry_point_has_nothing_public(gateway, path, point):
    assert httpx.get(gateway.urls[point] + path).status_code == 404


def test_the_gateway_starts_without_a_warning(gateway):
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines() if line.startswith("{")]
    loud = {
        str(item.get("message") or item) for item in lines if item.get("level") in {"warn", "warning", "error", "fatal"}
    }
    assert loud <= {"Health check failed."}  # the tests above stop services


def test_old_addresses_lead_to_new_ones(gateway):
    assert gateway.get("/").headers["location"] == "/docs"
    for path in ("/plot/colormaps.png", "/plot/colormaps.png/"):
        assert gateway.get(path).headers["location"] == f"{API}/plot/colormaps.png"
