"""The gateway's own app: hub, merged document, errors."""

import msgspec
import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.contracts.common import Problem
from ocean_gateway.app import create_app
from ocean_gateway.documents import ServiceState, ServiceStates


def document(path, **schemas):
    return {
        "openapi": "3.1.0",
        "tags": [{"name": path}],
        "paths": {path: {"get": {"operationId": "ask", "summary": f"Asks <{path}>"}}},
        "components": {"schemas": schemas},
    }


class FixedStates(ServiceStates):
    def __init__(self, *services):
        super().__init__({}, 1.0)
        self.services = list(services)

    async def all(self):
        return self.services


UP = ServiceState(name="metadata", document=document("/one"))
LIMITED = ServiceState(name="plotting", document=document("/two"), reasons=["the data service is <away>"])
AWAY = ServiceState(name="data")


@pytest.fixture
def client():
    with TestClient(create_app(FixedStates(UP, AWAY, LIMITED))) as client:
        yield client


def problem_of(response):
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content, type=Problem)
    assert problem.status == response.status_code
    assert problem.message == problem.detail
    return problem


def test_the_hub_says_how_each_service_is(client):
    page = client.get("/docs").text
    assert "No response from data." in page
    assert "✕ no response" in page
    assert "✓ ready" in page
    assert "! degraded: the data service is &lt;away&gt;" in page


def test_the_hub_links_to_the_documents_of_those_that_answer(client):
    page = client.get("/docs").text
    assert 'href="/metadata/docs"' in page
    assert 'href="/plotting/docs/redoc"' in page
    assert 'href="/data/docs"' not in page


def test_the_hub_escapes_what_services_say(client):
    assert "Asks &lt;/one&gt;" in client.get("/docs").text


@pytest.mark.parametrize("path", ["/docs", "/docs/all"])
def test_a_page_requests_no_other_host(client, path):
    page = client.get(path).text
    assert "http://" not in page
    assert "https://" not in page
    assert '="//' not in page


def test_the_merged_document_says_what_is_missing(client):
    merged = client.get("/openapi.json").json()
    assert set(merged["paths"]) == {"/one", "/two"}
    assert merged["x-missing"] == ["data"]
    assert "no response from data" in merged["info"]["description"]


def test_a_page_of_nothing_is_still_a_page():
    names = ("metadata", "data", "plotting")
    with TestClient(create_app(FixedStates(*(ServiceState(name=name) for name in names)))) as client:
        assert "No response from metadata and data and plotting" in client.get("/docs").text
        assert client.get("/openapi.json").json()["paths"] == {}


@pytest.mark.parametrize(("path", "to"), [("/", "/docs"), ("/plot/colormaps.png", "/api/v2.0/plot/colormaps.png")])
def test_an_old_address_leads_to_the_new(client, path, to):
    response = client.get(path, follow_redirects=False)
    assert response.is_redirect
    assert response.headers["location"] == to


def test_a_trailing_slash_after_the_colormaps_is_ignored(client):
    assert client.get("/plot/colormaps.png/", follow_redirects=False).is_redirect


@loop_over("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@loop_over("path", ["/api/v2.0/datasets", "/data/docs/redoc", "/api/v2.0/observation/a%2Fb%00;[[1,2]]"])
def test_a_request_for_a_dead_service_is_answered_in_its_name(client, method, path):
    response = client.request(method, path, headers={"x-ocean-service": "data"}, content=b"{")
    assert response.status_code == 503
    assert "the data service is not available" in problem_of(response).detail
    assert int(response.headers["retry-after"]) > 0


def test_head_of_a_dead_service_has_the_same_head_and_no_body(client):
    response = client.head("/api/v2.0/datasets", headers={"x-ocean-service": "data"})
    assert (response.status_code, response.content) == (503, b"")


@loop_over(("status", "words"), [(429, "too many"), (502, "closed the connection"), (504, "took too long")])
def test_an_error_of_the_gateway_names_the_service(client, status, words):
    problem = problem_of(client.get(f"/internal/errors/{status}", headers={"x-ocean-service": "plotting"}))
    assert problem.status == status
    assert words in problem.detail
    assert "plotting" in problem.detail


def test_an_unknown_route_is_refused_with_its_path_and_the_documentation(client):
    response = client.get("/internal/no-route", headers={"x-replaced-path": "/nowhere" + 1000 * "e"})
    problem = problem_of(response)
    assert problem.status == 404
    assert problem.detail.startswith("/nowhere")
    assert "/docs" in problem.detail
    assert len(problem.detail) < 300


@loop_over("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_route_is_a_404_for_every_method(client, method):
    assert problem_of(client.request(method, "/internal/no-route")).status == 404
