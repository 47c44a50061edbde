"""What HTTP promises, through the gateway."""

import json
import shutil
import subprocess

import httpx
import pytest
from tests.e2e.conftest import until
from tests.looping import loop_over

API = "/api/v2.0"
PAGES = [f"{API}/datasets", f"{API}/dataset/arctic_day/variables", "/openapi.json", "/data/openapi.json", "/docs"]
TILE = f"{API}/tiles/arctic_day/votemper/1454673600/0/4/8/3?scale=-5,30"


def test_tls_negotiates_http_2(run):
    with httpx.Client(http2=True, verify=run.trust(), base_url=run.tls) as client:
        for path in (f"{API}/datasets", TILE, "/docs"):
            response = client.get(path)
            assert (response.status_code, response.http_version) == (200, "HTTP/2")


def test_a_browsers_worth_of_tiles_is_answered_over_one_connection(run):
    with httpx.Client(http2=True, verify=run.trust(), base_url=run.tls, timeout=60) as client:
        tiles = [
            f"{API}/tiles/arctic_day/votemper/1454673600/0/5/{x}/{y}?scale=-5,30" for x in (16, 17) for y in (6, 7)
        ]
        assert {client.get(tile).status_code for tile in tiles} == {200}


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_curl_negotiates_http_2(run):
    command = ["curl", "-sS", "--cacert", run.state / "ca.pem", "-o", "-", "-w", "%{stderr}%{http_version}"]
    completed = subprocess.run([*command, f"{run.tls}{API}/git_info"], capture_output=True, text=True, check=True)
    assert completed.stderr.strip() == "2"
    assert "git_hash" in json.loads(completed.stdout)


@loop_over("path", [*PAGES, TILE, f"{API}/plot/colormaps.png"])
def test_an_answer_that_the_caller_has_is_not_sent_again(http, path):
    first = http.get(path)
    again = http.get(path, headers={"if-none-match": first.headers["etag"], "cache-control": "no-cache"})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@loop_over("encoding", ["zstd", "br", "gzip"])
def test_a_compressed_answer_is_revalidated_too(http, encoding):
    first = http.get(PAGES[0], headers={"accept-encoding": encoding})
    assert first.headers["content-encoding"] == encoding
    same = {"if-none-match": first.headers["etag"], "accept-encoding": encoding}
    assert http.get(PAGES[0], headers=same).status_code == 304


@loop_over("path", [*PAGES, TILE, f"{API}/dataset/nowhere"])
def test_head_is_get_without_a_body(http, path):
    plain = {"accept-encoding": "identity"}
    get, head = http.get(path, headers=plain), http.head(path, headers=plain)
    assert (head.status_code, head.content) == (get.status_code, b"")
    if get.is_success:
        for name in ("content-type", "etag", "content-length"):
            assert head.headers[name] == get.headers[name]


def test_pictures_are_not_compressed_again(http):
    response = http.get(TILE, headers={"accept-encoding": "gzip, br, zstd"})
    assert response.headers["content-type"] == "image/png"
    assert "content-encoding" not in response.headers


def test_a_part_of_a_file_is_sent_alone(http):
    full = http.get(TILE).content
    part = http.get(TILE, headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, full[1:4])


def test_another_origin_may_ask(http):
    wish = {"origin": "https://maps.example", "access-control-request-method": "GET"}
    response = http.options(f"{API}/datasets", headers=wish | {"access-control-request-headers": "cache-control"})
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == "*"
    for path in (f"{API}/datasets", f"{API}/dataset/nowhere", "/nowhere"):
        answer = http.get(path, headers={"origin": "https://maps.example"})
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_the_id_of_a_request_is_in_every_log_that_it_passed(run):
    answer = run.http.get(
        f"{API}/plot/profile",
        params={"query": '{"dataset":"arctic_day","variable":"hice","station":[[80,20]],"time":-1}', "format": "svg"},
        headers={"x-request-id": "through-all-of-it"},
    )
    assert answer.headers["x-request-id"] == "through-all-of-it"
    until(lambda: all("through-all-of-it" in run.log(name) for name in ("traefik", "plotting", "data")))


def test_a_request_without_an_id_is_given_one(run):
    supplied = run.http.get(f"{API}/datasets").headers["x-request-id"]
    assert supplied
    until(lambda: supplied in run.log("metadata") and supplied in run.log("traefik"))


@loop_over(
    "path",
    [
        "/internal/revisions",
        "/internal/assets/arctic_day/votemper",
        "/internal/variables/arctic_day",
        "/internal/tile-field",
        "//internal/revisions",
        "/metadata/internal/revisions",
        "/metadata/docs/..%2f..%2finternal/revisions",
        "/api/v2.0/..%2f..%2finternal/revisions",
        "/metrics",
        "/health/ready",
        "/dashboard/",
        "/api/overview",
        "/ping",
    ],
)
def test_internal_routes_cannot_be_reached(run, path):
    for base in (run.web, run.tls):
        url = httpx.URL(base).copy_with(raw_path=path.encode())
        response = httpx.get(url, verify=run.trust())
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


def test_every_service_counts_its_routes_by_template(run):
    run.http.get(TILE)
    measured = httpx.get(f"{run.urls()['plotting']}/metrics").text
    assert "/tiles/{dataset}/{variable}/{time}" in measured
    assert "1454673600" not in measured
    assert "traefik_service_requests_total" in httpx.get(f"{run.urls()['metrics']}/metrics").text
