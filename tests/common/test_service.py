"""What every service does the same way, shown on a service of two routes."""

import json
import logging

import msgspec
import pytest
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common import problems
from ocean_common.contracts.common import Problem
from ocean_common.contracts.metadata import Quantum
from ocean_common.http import MAX_ADDRESS, Freshness, entity_tag, find_tag, strong_tag
from ocean_common.parameters import DatasetId
from ocean_common.service import Readiness, create_service
from ocean_common.spreadsheet import guard_formula
from ocean_common.telemetry import configure_logs
from ocean_core import errors

PAGE = "/api/v2.0/page/known"
HEADERS = {"x-books": "two"}  # of every response


class ChangingRevisions:
    """Datasets whose revisions a test can change."""

    def __init__(self):
        self.revisions = {"known": "r1"}
        self.read = 0

    async def revision(self, dataset):
        if dataset not in self.revisions:
            raise errors.DatasetNotFound("no such dataset; try known", field="dataset", allowed=["known"])
        return self.revisions[dataset]


@get("/page/{dataset:str}", operation_id="readPage", responses=problems.document_errors(errors.DatasetNotFound))
async def page(
    request: Request,
    dataset: DatasetId,
    revisions: NamedDependency[ChangingRevisions],
    freshness: NamedDependency[Freshness],
) -> Quantum:
    await freshness(request, dataset, repeatable=True)
    revisions.read += 1
    return Quantum(value="day")


@get("/reading/{dataset:str}", operation_id="readFile", include_in_schema=False)
async def reading(
    request: Request,
    dataset: DatasetId,
    revisions: NamedDependency[ChangingRevisions],
    freshness: NamedDependency[Freshness],
) -> int:
    await freshness(request, dataset)
    revisions.read += 1
    return revisions.read


@get("/fails/{how:str}", operation_id="fail")
async def fails(how: FromPath[str], times: FromQuery[int] = 1) -> Quantum:
    if how == "busy":
        raise errors.TooBusy("the queue is full", retry_after=3)
    raise KeyError(how * times)


@get("/said", include_in_schema=False)
async def said(words: FromQuery[str]) -> str:
    return json.dumps(words)


@get("/picture", media_type="image/png")
async def picture() -> bytes:
    return b"0123456789"


@get("/table", media_type="text/csv")
async def table() -> bytes:
    return b"a,b\r\n1,2\r\n"


@post("/pages", operation_id="writePage")
async def write(data: JSONBody[Quantum]) -> Quantum:
    return data


@pytest.fixture
def revisions():
    return ChangingRevisions()


@pytest.fixture
def client(revisions):
    async def unready():
        return [] if revisions.revisions else ["nothing is indexed yet"]

    async def degraded():
        return [] if "known" in revisions.revisions else ["the shelf lost its book"]

    app = create_service(
        name="books",
        title="Books",
        version="1.2.3",
        description="Two routes.",
        tags=[],
        api=[page, reading, fails, said, write, picture, table],
        dependencies={"revisions": revisions, "freshness": Freshness(revisions, "1.2.3", 60)},
        readiness=Readiness(unready, degraded),
        headers={"X-Books": "two"},
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def problem_of(response):
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content, type=Problem)
    assert problem.status == response.status_code
    assert problem.message == problem.detail
    assert problem.request_id == response.headers["x-request-id"]
    return problem


def test_an_unknown_dataset_is_a_problem_that_says_what_would_work(client):
    response = client.get("/api/v2.0/page/nowhere")
    problem = problem_of(response)
    assert (problem.status, problem.type) == (404, "urn:ocean:DatasetNotFound")
    assert problem.errors[0].field == "dataset"
    assert problem.errors[0].allowed == ["known"]


@loop_over(
    ("path", "status", "field"),
    [
        ("/api/v2.0/fails/x?times=many", 400, "times"),
        ("/api/v2.0/nothing", 404, None),
        ("/api/v2.0/page/%00", 404, "dataset"),
        ("/api/v2.0/page/..%2f..%2fetc", 404, None),
    ],
)
def test_an_error_of_the_router_is_a_problem_too(client, path, status, field):
    problem = problem_of(client.get(path))
    assert problem.status == status
    assert [error.field for error in problem.errors] == ([field] if field else [])


def test_a_wrong_method_is_refused_with_the_allowed_ones(client):
    response = client.delete(PAGE)
    problem = problem_of(response)
    assert problem.status == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "GET" in problem.detail


def test_options_lists_head_where_it_is_answered(client):
    response = client.options(PAGE)
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert client.head(PAGE).status_code == 200


@loop_over(
    ("body", "field", "text"),
    [
        (b"", "$", "a body is required"),
        (b"{", "$", "the body cannot be read"),
        (b"\xff", "$", "the body cannot be read"),
        (b"[]", "$", "Expected `object`"),
        (b'{"value": 3}', "$.value", "Expected `str | null`"),
    ],
)
def test_a_wrong_body_is_refused_with_its_fault(client, body, field, text):
    response = client.post("/api/v2.0/pages", content=body, headers={"content-type": "application/json"})
    problem = problem_of(response)
    assert (problem.status, problem.errors[0].field) == (400, field)
    assert text in problem.detail


def test_a_bug_is_a_bare_500_and_its_traceback_stays_in_the_log(client, caplog):
    with caplog.at_level(logging.ERROR):
        problem = problem_of(client.get("/api/v2.0/fails/secret"))
    assert problem.status == 500
    assert "secret" not in problem.detail
    assert "KeyError: 'secret'" in caplog.text


def test_a_busy_service_says_when_to_come_back(client):
    response = client.get("/api/v2.0/fails/busy")
    assert problem_of(response).status == 503
    assert response.headers["retry-after"] == "3"


def test_an_address_that_is_too_long_is_refused_unread(client):
    response = client.get("/api/v2.0/fails/x", params={"times": "1" * MAX_ADDRESS})
    assert response.status_code == 414
    assert problem_of(response).type == "urn:ocean:AddressTooLong"


def test_head_answers_like_get_without_a_body(client):
    full, head = client.get(PAGE), client.head(PAGE)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers[name] == full.headers[name]


def test_a_caller_with_the_same_revision_gets_304_before_anything_is_read(client, revisions):
    tag = client.get(PAGE).headers["etag"]
    again = client.get(PAGE, headers={"if-none-match": f'"other", {tag}', "cache-control": "no-cache"})
    assert (again.status_code, again.content, revisions.read) == (304, b"", 1)
    assert again.headers["etag"] == tag
    revisions.revisions["known"] = "r2"
    changed = client.get(PAGE, headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@loop_over(
    ("query", "control"),
    [
        ({}, "public, max-age=60"),
        ({"rev": "r1"}, "public, max-age=31536000, immutable"),
        ({"rev": "r0"}, "public, max-age=60"),
    ],
)
def test_only_a_url_with_the_current_revision_is_immutable(client, query, control):
    assert client.get(PAGE, params=query).headers["cache-control"] == control


def test_an_answer_without_a_revision_is_tagged_by_its_bytes(client):
    first = client.get("/health/live")
    assert first.headers["cache-control"] == "no-cache"
    assert client.get("/health/live", headers={"if-none-match": first.headers["etag"]}).status_code == 304


@loop_over(
    ("asked", "status", "cut"),
    [
        ("bytes=1-4", 206, slice(1, 5)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-3", 206, slice(-3, None)),
        ("bytes=3-100000", 206, slice(3, None)),
        ("bytes=100000-", 416, slice(0, 0)),
        ("bytes=0-1,3-4", 200, slice(None)),
        ("rows=1-4", 200, slice(None)),
    ],
)
def test_one_byte_range_is_cut_out_and_anything_else_is_whole(client, asked, status, cut):
    full = client.get(PAGE).content
    response = client.get(PAGE, headers={"range": asked})
    assert (response.status_code, response.content) == (status, full[cut])


def test_a_broken_download_of_binary_data_goes_on_where_the_bytes_are_the_same(client):
    picture = client.get("/api/v2.0/picture")
    tag = picture.headers["etag"]
    assert tag[0] == '"'
    assert client.get(PAGE).headers["etag"].startswith("W/")  # text, which the gateway compresses
    rest = client.get("/api/v2.0/picture", headers={"range": "bytes=5-", "if-range": tag})
    assert (rest.status_code, picture.content[:5] + rest.content) == (206, picture.content)
    for other in ('"older"', f"W/{tag}", "Mon, 30 Nov 2026 00:00:00 GMT"):
        whole = client.get("/api/v2.0/picture", headers={"range": "bytes=5-", "if-range": other})
        assert (whole.status_code, whole.content) == (200, picture.content)
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert client.get("/api/v2.0/picture", headers={"if-none-match": known}).status_code == 304


def test_the_strong_tag_of_a_marked_answer_matches_before_it_is_made():
    tag = entity_tag(b"revision")
    strong = strong_tag(tag, "digest")
    assert find_tag(strong, tag) == find_tag(f"W/{strong}", tag).removeprefix("W/") == strong
    assert find_tag(tag, tag) == tag
    assert find_tag('"x.y"', tag) is find_tag("", tag) is find_tag(None, tag) is None


@loop_over(("query", "mark"), [("?bom=1", b"\xef\xbb\xbf"), ("?bom=true", b"\xef\xbb\xbf"), ("?bom=0", b""), ("", b"")])
def test_a_table_has_a_byte_order_mark_on_request(client, query, mark):
    table = client.get(f"/api/v2.0/table{query}")
    assert table.content == mark + b"a,b\r\n1,2\r\n"
    assert int(table.headers["content-length"]) == len(table.content)
    assert not client.get(f"/api/v2.0/picture{query}").content.startswith(b"\xef")


@loop_over(("text", "cell"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-x", "'-x"), ("a=b", "a=b"), ("", "")])
def test_no_text_of_a_cell_is_a_formula(text, cell):
    assert guard_formula(text) == cell


def test_an_answer_is_made_once_for_an_address_and_a_revision(client, revisions):
    first, again = client.get(PAGE), client.get(PAGE)
    assert revisions.read == 1
    assert again.content == first.content
    assert {**again.headers, "x-request-id": ""} == {**first.headers, "x-request-id": ""}
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    revisions.revisions["known"] = "r2"
    changed = client.get(PAGE)
    assert (changed.status_code, revisions.read) == (200, 2)
    assert changed.headers["etag"] != first.headers["etag"]
    del revisions.revisions["known"]
    assert client.get(PAGE).status_code == 404


def test_an_answer_that_a_file_decides_is_made_each_time(client):
    assert [client.get("/api/v2.0/reading/known").json() for _ in range(2)] == [1, 2]


@loop_over(
    ("query", "headers"),
    [
        ({"rev": "r1"}, {}),
        ({}, {"accept": "text/html"}),
        ({}, {"accept-language": "fr"}),
        ({}, {"host": "elsewhere.example"}),
        ({}, {"range": "bytes=0-1"}),
    ],
)
def test_what_the_client_asks_differently_is_made_anew(client, revisions, query, headers):
    client.get(PAGE)
    before = revisions.read
    assert client.get(PAGE, params=query, headers=headers).status_code in {200, 206}
    assert revisions.read == before + 1


def test_a_part_of_an_answer_or_its_head_is_not_kept_as_the_whole(client):
    client.head(PAGE)
    client.get(PAGE, headers={"range": "bytes=0-1"})
    assert client.get(PAGE).json() == {"value": "day"}
    head = client.head(PAGE)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(client.get(PAGE).content))


def test_a_kept_answer_is_counted_under_its_route(client):
    client.get(PAGE)
    tag = client.get(PAGE).headers["etag"]
    assert client.get(PAGE, headers={"if-none-match": tag}).status_code == 304
    line = 'ocean_requests_total{{method="GET",route="/api/v2.0/page/{{dataset}}",service="books",status="{}"}} {}'
    metrics = client.get("/metrics").text
    assert line.format(200, 2.0) in metrics
    assert line.format(304, 1.0) in metrics


def test_ready_degraded_and_unready_are_distinguished(client, revisions):
    def health():
        response = client.get("/health/ready")
        return response.status_code, response.json()["status"]

    assert health() == (200, "ready")
    revisions.revisions = {"other": "r1"}
    assert health() == (200, "degraded")
    revisions.revisions = {}
    assert health() == (503, "unready")
    assert client.get("/health/live").json()["status"] == "live"


def test_metrics_are_labelled_by_route_and_not_by_address(client):
    client.get(PAGE)
    client.head(PAGE)
    client.get("/api/v2.0/page/nowhere")
    metrics = client.get("/metrics").text
    line = 'ocean_requests_total{{method="{}",route="/api/v2.0/page/{{dataset}}",service="books",status="{}"}} 1.0'
    for method, status in (("GET", 200), ("HEAD", 200), ("GET", 404)):
        assert line.format(method, status) in metrics
    assert "nowhere" not in metrics


def test_a_request_keeps_the_id_it_came_with_and_a_bad_one_is_replaced(client):
    assert client.get(PAGE, headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get(PAGE, headers={"x-request-id": "a b\tc"}).headers["x-request-id"] != "a b\tc"


@loop_over("path", [PAGE, "/api/v2.0/page/nowhere", "/api/v2.0/fails/x", "/health/live", "/nothing"])
def test_a_header_of_the_service_is_in_every_response(client, path):
    for response in (client.get(path), client.head(path)):
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


def test_a_request_is_one_line_of_json_in_the_log(client, capfd):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs("info", "json")
    try:
        trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
        client.get(PAGE, headers={"x-request-id": "seen-1", "traceparent": trace})
        client.get("/health/live")
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (line,) = [item for item in lines if item.get("event") == "request"]
    assert line["request_id"] == "seen-1"
    assert line["trace_id"] == "ab" * 16
    assert (line["route"], line["status"]) == ("/api/v2.0/page/{dataset}", 200)


def test_the_docs_ask_no_foreign_host(client):
    for path in ("/books/docs", "/books/docs/swagger", "/books/docs/redoc"):
        html = client.get(path).text
        assert "http://" not in html.replace("http://www.w3.org", "")
        assert "https://" not in html
    assert client.get("/books/docs/assets/redoc/bundles/redoc.standalone.js").status_code == 200


def test_the_openapi_document_has_failures_and_no_internal_routes(client):
    document = client.get("/books/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    names = ("page/{dataset}", "fails/{how}", "pages", "picture", "table")
    assert set(document["paths"]) == {f"/api/v2.0/{name}" for name in names}
    failure = document["paths"]["/api/v2.0/page/{dataset}"]["get"]["responses"]["404"]["content"]
    assert list(failure) == ["application/problem+json"]


def test_a_semicolon_belongs_to_the_value_of_a_parameter(client):
    assert client.get("/api/v2.0/said?words=1,2;3,4").json() == "1,2;3,4"
