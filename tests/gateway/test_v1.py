"""Version 1.0 of the API: what it asks of version 2.0, and what it makes of the answers."""

import asyncio
import json
from urllib.parse import quote, urlencode

import httpx
import numpy as np
import pytest
import shapely
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_core.errors import InvalidRequest, ServiceUnavailable
from ocean_gateway.app import create_app
from ocean_gateway.documents import ServiceStates
from ocean_gateway.v1 import documents
from ocean_gateway.v1.forwarding import ServiceForwarder, V1Request, V2Request
from ocean_gateway.v1.rows import MAX_AREAS, ROWS, find_row

V1, V2 = "/api/v1.0", "/api/v2.0"
URLS = {"metadata": "http://metadata", "data": "http://data", "plotting": "http://plotting"}
BOX = {"polygons": [[[40, -60], [40, -50], [45, -50]]], "innerrings": [[[41, -58], [41, -56], [43, -56]]], "name": "b"}
STATISTICS = {"dataset": "g", "variable": "t,s_anom", "time": 7, "depth": 3}
PROFILE = {"type": "profile", "dataset": "g", "station": [[45, -50]]}


def json_query(query, **parameters):
    return urlencode({"query": json.dumps(query), **parameters})


def compact(query):
    return quote(json.dumps(query, separators=(",", ":")), safe=",:")


# Old path and query: service, new path and query
CASES = {
    "/gitinfo": ("metadata", "/git_info"),
    f"/generatescript/?{json_query(PROFILE, lang='python', scriptType='CSV')}": (
        "metadata",
        f"/generate_script?query={compact({'dataset': 'g', 'station': [[45, -50]]})}"
        "&lang=python&script_type=csv&plot_type=profile",
    ),
    f"/generatescript/?{json_query({'dataset_name': 'g'}, scriptType='SUBSET', lang='r')}": (
        "metadata",
        f"/generate_script?query={compact({'dataset_name': 'g'})}&lang=r&script_type=subset",
    ),
    "/datasets/": ("metadata", "/datasets"),
    "/datasets?id": ("metadata", "/datasets"),
    "/timeunit/?dataset=g": ("metadata", "/dataset/g/timeunit"),
    "/quantum/?dataset=g": ("metadata", "/dataset/g/quantum"),
    "/variables/?dataset=g": ("metadata", "/dataset/g/variables"),
    "/variables/?3d_only&dataset=g": ("metadata", "/dataset/g/variables?has_depth_only=true"),
    "/variables/?dataset=g&vectors_only=": ("metadata", "/dataset/g/variables?vectors_only=true"),
    "/variables/?vectors_only&dataset=g&3d_only": (
        "metadata",
        "/dataset/g/variables?has_depth_only=true&vectors_only=true",
    ),
    "/depth/?dataset=g&variable=t": ("metadata", "/dataset/g/t/depths?include_all_key=false"),
    "/depth/?all=Yes&variable=t&dataset=g": ("metadata", "/dataset/g/t/depths?include_all_key=true"),
    "/depth/?all=no&variable=t&dataset=g": ("metadata", "/dataset/g/t/depths?include_all_key=false"),
    "/timestamps/?dataset=g&variable=t": ("metadata", "/dataset/g/t/timestamps"),
    "/timestamps?variable=a%2Fb..&dataset=g&other=1": ("metadata", "/dataset/g/a%2Fb%2E%2E/timestamps"),
    "/scale/g/t/-5,30.png": ("plotting", "/scale/g/t/-5,30"),
    "/range/g/t/gaussian/25/10/EPSG:3857/-1.5,2,3,4/bottom/99.json": (
        "data",
        "/range/g/t/gaussian/25/10/EPSG:3857/-1.5,2,3,4/bottom/99",
    ),
    "/data/?geometry_type=area&depth=2&time=99&variable=t&dataset=g": (
        "data",
        "/data/g/t/area?bbox=-180,-90,180,90&stride=4&geometry=point&format=geojson&time=99&depth=2",
    ),
    "/class4/forecasts/ocean_predict/class4_1_A_0/": ("metadata", "/class4/forecasts/ocean_predict?id=class4_1_A_0"),
    "/class4/models/riops_obs/class4_1_A_0": ("metadata", "/class4/models/riops_obs?id=class4_1_A_0"),
    f"/stats/?{json_query({**STATISTICS, 'area': ['k/Gulf of A']})}": (
        "data",
        "/data/g/t%2Cs/statistics?area=k%2FGulf%20of%20A&time=7&depth=3&quantiles=0.5",
    ),
    "/subset/?variables=t,s&time=1,2&dataset_name=g&min_range=1,2&max_range=3,4&user_grid=0&should_zip=1": (
        "data",
        "/subset/g/t%2Cs?time=1,2&min_range=1,2&max_range=3,4&should_zip=1",
    ),
    f"/plot/?{json_query(PROFILE)}": (
        "plotting",
        f"/plot/profile?query={compact({'dataset': 'g', 'station': [[45, -50]]})}&format=png",
    ),
    f"/plot/?{json_query({'type': 'map'}, format='json', size='10x7', dpi='144')}": (
        "plotting",
        f"/plot/map?query={compact({})}&format=json&size=10x7&dpi=144",
    ),
    f"/plot/?save&format=odv&{json_query({'type': 'ts'})}": (
        "plotting",
        f"/plot/ts?query={compact({})}&format=odv&save=true",
    ),
    f"/plot/?{json_query({'type': 'ts'}, format='png')}&data": ("plotting", f"/plot/ts?query={compact({})}&format=csv"),
    "/colormaps/": ("plotting", "/plot/colormaps"),
    "/colormaps.png": ("plotting", "/plot/colormaps.png"),
    "/points/": ("metadata", "/kml/point"),
    "/lines/": ("metadata", "/kml/line"),
    "/areas/": ("metadata", "/kml/area"),
    "/class4/": ("metadata", "/class4"),
    "/areas/a%20b.json": ("metadata", "/kml/area/a%20b"),
    "/class4/class4_1_A/riops_obs.json": ("metadata", "/class4/riops_obs?id=class4_1_A"),
    "/points/EPSG:3857/9784/1,2,3,4/a.json": ("metadata", "/kml/point/a?projection=EPSG:3857&view_bounds=1,2,3,4"),
    "/lines/EPSG%3A3857/9784/1%2C2,3,4/a.json": ("metadata", "/kml/line/a?projection=EPSG:3857&view_bounds=1,2,3,4"),
    "/areas/EPSG:3857/9784/1,2,3,4/a.json": (
        "metadata",
        "/kml/area/a?projection=EPSG:3857&resolution=9784&view_bounds=1,2,3,4",
    ),
    "/ocean_predict/EPSG:3857/9784/1,2,3,4/class4_1_A.json": (
        "metadata",
        "/class4/ocean_predict?projection=EPSG:3857&resolution=9784&extent=1,2,3,4&id=class4_1_A",
    ),
    "/riops_obs/EPSG:3857/9784/1,2,3,4/class4_1_A.json": (
        "metadata",
        "/class4/riops_obs?projection=EPSG:3857&resolution=9784&extent=1,2,3,4&id=class4_1_A",
    ),
    "/tiles/gaussian/25/10/EPSG:3857/g/u,v/99/bottom/-5,30/4/5/6.png": (
        "plotting",
        "/tiles/g/u,v/99/bottom/4/5/6?projection=EPSG:3857&scale=-5,30&interp=gaussian&radius=25&neighbours=10",
    ),
    "/tiles/topo/true/EPSG:32661/4/5/6.png": (
        "plotting",
        "/tiles/topo/4/5/6?shaded_relief=true&projection=EPSG:32661",
    ),
    "/tiles/bath/EPSG:3031/4/5/6.png": ("plotting", "/tiles/bath/4/5/6?projection=EPSG:3031"),
    "/mbt/EPSG:3857/lands/4/5/6": ("plotting", "/mbt/lands/4/5/6?projection=EPSG:3857"),
    "/observation/meta.json?id=7&type=station": ("metadata", "/observation/meta/station/7.json"),
    "/observation/meta.json": ("metadata", "/observation/meta/platform/0.json"),
    "/observation/datatypes.json": ("metadata", "/observation/datatypes.json"),
    "/observation/meta_keys/argo,drifter.json": ("metadata", "/observation/meta_keys/argo,drifter.json"),
    "/observation/meta_values/argo/Type%20of%2Ffloat.json": (
        "metadata",
        "/observation/meta_values/argo/Type%20of%2Ffloat.json",
    ),
    "/observation/tracktimerange/7.json": ("metadata", "/observation/tracktimerange/7.json"),
    "/observation/variables/station=7.json": ("metadata", "/observation/variables/station=7.json"),
    "/observation/point/start_date=2019-01-01;area=[[1,2]].json": (
        "metadata",
        "/observation/point/start_date=2019-01-01;area=[[1,2]].json",
    ),
    "/observation/track/start_date=2019-01-01;quantum=day.json": (
        "metadata",
        "/observation/track/start_date=2019-01-01;quantum=day.json",
    ),
}
LOCAL = {"/colors/"}


class Services(httpx.AsyncBaseTransport):
    """Services that note what is requested and answer the same to all."""

    def __init__(self, respond):
        self.requests, self.respond = [], respond

    async def handle_async_request(self, request):
        await request.aread()
        self.requests.append(request)
        return self.respond(request)


def answer_with(status=200, content=b"{}", headers=None):
    headers = headers or {"content-type": "application/json"}
    return lambda _: httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)


def start(respond, urls=None):
    services = Services(respond)
    return services, TestClient(create_app(ServiceStates({}, 1.0), ServiceForwarder(urls or URLS, services)))


def raw(client, path):
    """The URL as a client sends it: httpx would tidy it."""
    return httpx.URL(client.base_url).copy_with(raw_path=(V1 + path).encode())


def requested(old):
    """The requests of version 2.0 for an address."""
    path, _, query = old.partition("?")
    row, segments = find_row(V1 + path)
    parameters = dict(httpx.QueryParams(query).multi_items())
    return row.make(V1Request(segments=segments, parameters=parameters))


@loop_over("old", CASES)
def test_an_old_address_is_the_request_of_version_2(old):
    services, client = start(answer_with())
    with client:
        client.get(raw(client, old))
    service, new = CASES[old]
    (request,) = services.requests
    assert (request.method, request.url.host, request.url.raw_path.decode()) == ("GET", service, V2 + new)


def test_every_row_has_a_case():
    reached = {find_row(V1 + old.partition("?")[0])[0] for old in [*CASES, *LOCAL]}
    assert set(ROWS) == reached


# Queries in a form, and areas


@loop_over("options", [{"data": {"query": json.dumps(PROFILE)}}, {"files": {"query": (None, json.dumps(PROFILE))}}])
def test_a_posted_plot_is_posted(options):
    services, client = start(answer_with(content=b"\x89PNG", headers={"content-type": "image/png"}))
    with client:
        response = client.post(f"{V1}/plot/", **options)
    (request,) = services.requests
    assert (response.content, response.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert (request.method, request.url.raw_path.decode()) == ("POST", f"{V2}/plot/profile?format=png")
    assert json.loads(request.content) == {"dataset": "g", "station": [[45, -50]]}


def test_a_long_query_is_posted():
    long = PROFILE | {"station": [[45, -50]] * 1000}
    (request,) = requested(f"/plot/?{json_query(long)}")
    assert (request.path, len(request.body["station"]), "query" in request.query) == ("/plot/profile", 1000, False)


def test_a_posted_subset_is_requested():
    services, client = start(answer_with())
    with client:
        client.post(f"{V1}/subset/", data={"dataset_name": "g", "variables": "t", "time": "1,2", "area": "a/b"})
    assert services.requests[0].url.raw_path.decode() == f"{V2}/subset/g/t?time=1,2&area=a%2Fb"


def test_statistics_of_drawn_areas_are_posted_with_closed_rings_and_holes():
    requests = requested(f"/stats/?{json_query({**STATISTICS, 'area': ['k/A', BOX]})}")
    assert [request.body is None for request in requests] == [True, False]
    body = requests[1].body
    polygon = shapely.geometry.shape(body.pop("polygon"))
    assert body == {"time": "7", "depth": "3", "quantiles": [0.5]}
    assert polygon.equals(
        shapely.MultiPolygon([([(-60, 40), (-50, 40), (-50, 45)], [[(-58, 41), (-56, 41), (-56, 43)]])])
    )


def test_statistics_without_time_and_depth_are_of_the_last_time_and_the_first_level():
    (request,) = requested(f"/stats/?{json_query({'dataset': 'g', 'variable': ['t'], 'area': ['k/A'], 'time': ''})}")
    assert (request.query["time"], request.query["depth"]) == ("-1", "0")


# Errors


@loop_over(
    "path",
    [
        *("/", "/nothing", "/nothing/", "/datasets/x", "/scale/g/t/%2e%2e/x.png", "/areas/.."),
        *("/tiles/1/2/3.png", "/observation/..%2f..%2finternal", "/observation/point/%2E%2E/internal/revisions"),
        *("/quantum/", "/quantum/?dataset=", "/depth/?dataset=g", "/timestamps/", "/variables/", "/data/?dataset=g"),
        *("/plot/", "/plot/?query=", "/plot/?query=%7B", "/plot/?query=%5B1%5D", "/plot/?query=%7B%7D"),
        *("/plot/?query=%7B%22type%22:1%7D", "/plot/?query=" + 3000 * "%5B", "/plot/?query=NaN"),
        *("/generatescript/?query=%7B%7D", "/generatescript/?query=%7B%7D&lang=python", "/subset/?variables=t"),
        *("/stats/", "/stats/?query=%7B%7D", "/stats/?query=%7B%22variable%22:%22t%22%7D"),
        *(
            f"/stats/?{json_query(query)}"
            for query in (
                {**STATISTICS, "area": []},
                {**STATISTICS, "area": ["a/b"] * (MAX_AREAS + 1)},
                {**STATISTICS, "area": [{"polygons": [[["a", 1]]]}]},
                {**STATISTICS, "area": [7]},
                {**STATISTICS, "area": "a/b"},
                {**STATISTICS, "variable": [7], "area": ["a/b"]},
                {**STATISTICS, "dataset": {}, "area": ["a/b"]},
            )
        ),
    ],
)
def test_bad_input_is_a_400_with_a_message_and_a_link(path):
    services, client = start(answer_with())
    with client:
        response = client.get(raw(client, path))
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"message", "link"}
    assert response.json()["message"]
    assert not services.requests


@loop_over("path", ["/api", "/api/", V1, f"{V1}/"])
def test_the_root_is_a_400_with_a_link(path):
    with start(answer_with())[1] as client:
        response = client.get(path)
    assert (response.status_code, response.json()["link"]) == (400, "/docs")


def test_time_and_depth_of_any_type_are_passed_on():
    (request,) = requested(f"/stats/?{json_query({**STATISTICS, 'time': [1], 'depth': {}, 'area': ['k/A']})}")
    assert (request.query["time"], request.query["depth"]) == ("[1]", "{}")


def test_a_form_is_not_posted_to_other_rows():
    with start(answer_with())[1] as client:
        response = client.post(f"{V1}/quantum/", data={"dataset": "g"})
    assert (response.status_code, response.json()["message"]) == (400, "this address answers GET")


def test_a_broken_form_is_a_400():
    with start(answer_with())[1] as client:
        headers = {"content-type": "multipart/form-data; boundary=x"}
        response = client.post(f"{V1}/plot/", content=b"--x\r\nnonsense", headers=headers)
    assert (response.status_code, set(response.json())) == (400, {"message", "link"})


@loop_over("path", ["/timeunit/?dataset=g", "/quantum/?dataset=g"])  # passed on, and reshaped
@loop_over(
    ("status", "old_status"), [(400, 400), (404, 400), (413, 400), (414, 400), (422, 400), (500, 500), (503, 503)]
)
def test_a_problem_of_a_service_becomes_a_message(path, status, old_status):
    problem = {"type": "about:blank", "title": "", "status": status, "detail": "no g", "message": "no g"}
    headers = {"content-type": "application/problem+json", "retry-after": "3"}
    with start(answer_with(status, json.dumps(problem).encode(), headers))[1] as client:
        response = client.get(V1 + path)
    assert (response.status_code, response.headers["content-type"]) == (old_status, "application/json")
    assert response.json() == {"message": "no g"} | ({"link": "/docs"} if old_status == 400 else {})
    assert response.headers.get("retry-after") == ("3" if old_status >= 500 else None)


def test_an_error_that_is_no_problem_names_the_service():
    with start(answer_with(500, b"<html>", {"content-type": "text/html"}))[1] as client:
        response = client.get(f"{V1}/gitinfo")
    assert (response.status_code, response.json()) == (500, {"message": "the metadata service failed"})


def test_a_service_that_is_away_is_a_503_that_names_it():
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    with start(refuse)[1] as client:
        response = client.get(f"{V1}/colormaps/")
    assert response.status_code == 503
    assert "the plotting service is not available" in response.json()["message"]
    assert int(response.headers["retry-after"]) > 0


def test_a_service_that_is_too_slow_is_a_503():
    def wait(request):
        raise httpx.ReadTimeout("slow", request=request)

    services, client = start(wait, URLS | {"data": "http://a,http://b"})
    with client:
        response = client.get(f"{V1}/data/?dataset=g&variable=t")
    assert (response.status_code, len(services.requests)) == (503, 1)
    assert "took too long" in response.json()["message"]


# What goes along


def test_what_the_client_says_of_itself_goes_along_and_what_it_accepts_does_not():
    sent = {
        "accept-language": "fr", "if-none-match": 'W/"1"', "range": "bytes=0-1", "x-request-id": "abc",
        "x-forwarded-for": "10.0.0.7", "x-forwarded-host": "ocean.example", "x-forwarded-proto": "https",
    }  # fmt: skip
    services, client = start(answer_with())
    with client:
        trace = f"00-{32 * 'a'}-{16 * 'b'}-01"
        client.get(f"{V1}/gitinfo", headers={**sent, "accept": "text/html", "cookie": "a=b", "traceparent": trace})
    headers = services.requests[0].headers
    assert {name: headers[name] for name in sent} == sent
    assert headers["traceparent"].startswith(f"00-{32 * 'a'}-")
    assert (headers["accept"], "cookie" in headers) == ("*/*", False)


def test_the_address_of_the_gateway_goes_along_where_nobody_is_before_it():
    services, client = start(answer_with())
    with client:
        client.get(f"{V1}/gitinfo", headers={"host": "ocean.example:81"})
    assert services.requests[0].headers["x-forwarded-host"] == "ocean.example:81"


HEADERS = {
    "content-type": "image/png", "etag": '"1.2"', "cache-control": "public, max-age=60", "vary": "accept-language",
    "content-language": "fr", "content-disposition": 'attachment; filename="a.png"', "alt-text": "utf-8'fr'a",
}  # fmt: skip


def test_bytes_pass_with_their_headers():
    with start(answer_with(200, b"\x89PNG", {**HEADERS, "content-length": "4", "x-request-id": "its"}))[1] as client:
        response = client.get(f"{V1}/colormaps.png", headers={"x-request-id": "mine"})
    assert response.content == b"\x89PNG"
    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    assert (response.headers["content-length"], response.headers["x-request-id"]) == ("4", "mine")


def test_what_the_client_has_is_a_304():
    with start(answer_with(304, b"", {"etag": '"1.2"'}))[1] as client:
        for path in ("/colormaps.png", "/quantum/?dataset=g"):
            response = client.get(V1 + path, headers={"if-none-match": '"1.2"'})
            assert (response.status_code, response.headers["etag"], response.content) == (304, '"1.2"', b"")


def test_a_part_of_a_file_is_a_206():
    headers = {"content-type": "application/x-netcdf", "content-range": "bytes 0-1/9", "content-length": "2"}
    with start(answer_with(206, b"CD", headers))[1] as client:
        response = client.get(f"{V1}/subset/?dataset_name=g&variables=t", headers={"range": "bytes=0-1"})
    assert (response.status_code, response.content, response.headers["content-range"]) == (206, b"CD", "bytes 0-1/9")


def test_a_reshaped_document_has_the_caching_headers_and_its_own_length():
    headers = {
        "content-type": "application/problem",
        "etag": 'W/"1"',
        "cache-control": "no-cache",
        "accept-ranges": "x",
    }
    services, client = start(answer_with(200, b'{"value":"day"}', headers))
    with client:
        response = client.get(f"{V1}/quantum/?dataset=g", headers={"range": "bytes=0-2"})
        head = client.head(f"{V1}/quantum/?dataset=g")
    assert "range" not in services.requests[0].headers
    assert (response.status_code, response.content) == (206, b'"da')
    assert (response.headers["etag"], response.headers["content-type"]) == ('W/"1"', "application/json")
    assert (head.content, head.headers["content-length"]) == (b"", "5")


def test_head_is_head():
    services, client = start(answer_with(200, b"", {"content-type": "image/png", "content-length": "999"}))
    with client:
        response = client.head(f"{V1}/colormaps.png")
    assert (services.requests[0].method, response.headers["content-length"]) == ("HEAD", "999")


def test_a_script_has_its_old_name():
    headers = {"content-type": "text/plain", "content-disposition": 'attachment; filename="new.r"'}
    with start(answer_with(200, b"x", headers))[1] as client:
        query = json_query({"type": "map"}, lang="r", scriptType="plot")
        response = client.get(f"{V1}/generatescript/?{query}")
    assert response.headers["content-disposition"] == 'attachment; filename="API_script_PLOT.r"'


class EndlessFile(httpx.AsyncByteStream):
    """File that sends each piece once the one before has arrived."""

    def __init__(self, arrived):
        self.arrived, self.sent, self.closed = arrived, 0, asyncio.Event()

    async def __aiter__(self):
        while True:
            self.sent += 1
            yield b"piece"
            await asyncio.sleep(0)  # as a socket does, which lets others run
            async with self.arrived:
                await self.arrived.wait_for(lambda: self.arrived.pieces >= self.sent)

    async def aclose(self):
        self.closed.set()


def test_a_file_passes_while_it_arrives_and_ends_with_the_client():
    async def download():
        arrived = asyncio.Condition()
        arrived.pieces = 0
        file, left = EndlessFile(arrived), asyncio.Event()
        services = Services(lambda _: httpx.Response(200, stream=file))
        app = create_app(ServiceStates({}, 1.0), ServiceForwarder(URLS, services))
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.body" and message["body"]:
                async with arrived:
                    arrived.pieces += 1
                    arrived.notify_all()
                if arrived.pieces == 3:
                    left.set()

        scope = {
            "type": "http", "method": "GET", "path": f"{V1}/gitinfo", "raw_path": f"{V1}/gitinfo".encode(),
            "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http", "root_path": "",
            "client": None, "server": None, "extensions": {}, "state": {},
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 60)
        await asyncio.wait_for(file.closed.wait(), 60)
        return arrived.pieces

    assert asyncio.run(download()) >= 3


# Instances


def test_equal_requests_go_to_one_instance_and_to_another_while_it_is_away():
    away = set()

    async def count():
        def respond(request):
            if request.url.host in away:
                raise httpx.ConnectError("refused", request=request)
            return httpx.Response(200, request=request)

        services = Services(respond)
        forwarder = ServiceForwarder({"data": "http://data-{1..3}"}, services)

        async def reach(number):
            request = V2Request(service="data", path=f"/range/{number}")
            response = await forwarder.send(request, {})
            return response.request.url.host

        before = [await reach(number) for number in range(30)]
        assert before == [await reach(number) for number in range(30)]
        assert set(before) == {"data-1", "data-2", "data-3"}
        away.add("data-2")
        after = [await reach(number) for number in range(30)]
        moved = [host for host, earlier in zip(after, before, strict=True) if earlier == "data-2"]
        assert set(after) == {"data-1", "data-3"}
        assert all(host == earlier for host, earlier in zip(after, before, strict=True) if earlier != "data-2")
        assert moved
        away.update({"data-1", "data-3"})
        with pytest.raises(ServiceUnavailable):
            await reach(0)

    asyncio.run(count())


def test_version_1_can_be_switched_off():
    with TestClient(create_app(ServiceStates({}, 1.0))) as client:
        response = client.get(f"{V1}/colors/")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_version_1_is_not_in_the_document():
    with start(answer_with())[1] as client:
        assert not [path for path in client.get("/gateway/openapi.json").json().get("paths", {}) if "v1.0" in path]


# Documents


def reshape(old, *answers):
    path, _, query = old.partition("?")
    row, segments = find_row(V1 + path)
    parameters = dict(httpx.QueryParams(query).multi_items())
    return row.reshape(list(answers), V1Request(segments=segments, parameters=parameters))


DATASET = {"id": "g", "value": "G", "quantum": "day", "default_location": [0, 1, 2], "revision": "1"}


def test_datasets_have_their_old_members():
    assert reshape("/datasets?id", [DATASET]) == [{"id": "g", "value": "G"}]
    assert list(reshape("/datasets", [DATASET])[0]) == [
        "id", "value", "quantum", "help", "attribution", "model_class", "group", "subgroup", "time_dim_units",
    ]  # fmt: skip


def test_a_quantum_is_a_text():
    assert reshape("/quantum", {"value": "month"}) == "month"


@loop_over(("language", "black"), [("", "Black"), ("fr-CA,fr;q=0.9", "Noir"), ("de", "Black")])
def test_colours_are_in_the_language_of_the_client(language, black):
    with start(answer_with())[1] as client:
        response = client.get(f"{V1}/colors/?random=1&none=true", headers={"accept-language": language})
    colours = response.json()
    assert [colour["id"] for colour in colours] == ["none", "rnd", "k", "b", "g", "r", "c", "m", "y", "w"]
    assert colours[2]["value"] == black
    assert "accept-language" in response.headers["vary"]


def test_colours_are_eight_unless_others_are_requested():
    assert len(reshape("/colors")) == 8


def test_data_are_points_with_name_units_and_three_decimals():
    def point(value):
        return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-1, 2]}, "properties": {"t": value}}

    answer = {"variables": {"t": {"name": "T", "units": "K"}}, "features": [point(1.23456), point(None)]}
    (feature,) = reshape("/data?variable=t", answer)["features"]
    assert feature == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [-1, 2]},
        "properties": {"name": "T", "units": "K", "data": 1.235},
    }


def test_areas_are_rings_with_the_centroids_of_their_lines():
    rim, hole = [(0, 10), (9, 10), (9, 16), (2, 18), (0, 10)], [(1, 11), (2, 11), (2, 12), (1, 11)]

    def area(name):
        geometry = {"type": "MultiPolygon", "coordinates": [[rim, hole], [hole]]}
        return {"geometry": geometry, "properties": {"name": name, "key": f"k/{name}"}}

    first, second = reshape("/areas/k.json", {"features": [area("B"), area("A")]})
    assert (first["name"], second["name"], first["key"]) == ("A", "B", "k/A")
    assert first["polygons"] == [[[y, x] for x, y in ring] for ring in (rim, hole)]
    assert first["innerrings"] == [[[y, x] for x, y in hole]]
    centroids = [shapely.LinearRing(ring).centroid for ring in (rim, hole)]
    assert np.allclose(first["centroids"], [(point.x, point.y) for point in centroids])


def test_the_centroid_of_a_point_is_the_point():
    assert documents.ring_centroid([(1.0, 2.0), (1.0, 2.0)]) == [1.0, 2.0]


def test_class4_profiles_are_normalised_by_mean_and_two_deviations():
    errors = np.array([0.5, 1.5, 0.25])
    features = [
        {"geometry": {"coordinates": [-10.5, 40]}, "properties": {"name": "p", "id": f"f/{number}", "error": error}}
        for number, error in enumerate([*errors.tolist(), None])
    ]
    profiles = reshape("/class4/f/ocean_predict.json", {"features": features[::-1]})
    assert [profile["id"] for profile in profiles] == ["f/0", "f/1", "f/2"]
    assert profiles[0]["loc"] == "40.000000,-10.500000"
    assert [profile["rmse"] for profile in profiles] == errors.tolist()
    assert np.allclose([profile["rmse_norm"] for profile in profiles], errors / (errors.mean() + 2 * errors.std()))
    assert reshape("/class4/f/ocean_predict.json", {"features": [features[-1]]}) == []


def test_class4_profiles_without_any_error_of_the_model_are_zero():
    feature = {"geometry": {"coordinates": [0, 0]}, "properties": {"name": "p", "id": "f/0", "error": 0.0}}
    assert reshape("/class4/f/ocean_predict.json", {"features": [feature]})[0]["rmse_norm"] == 0.0


@loop_over(("kind", "new", "old"), [("points", "Point", "point"), ("lines", "LineString", "line")])
def test_places_have_their_old_types(kind, new, old):
    answer = {"type": "FeatureCollection", "features": [{"geometry": 1, "properties": {"name": "a", "type": new}}]}
    expected = {"type": "FeatureCollection", "features": [{"geometry": 1, "properties": {"name": "a", "type": old}}]}
    assert reshape(f"/{kind}/EPSG:3857/1/1,2,3,4/a.json", answer) == expected


def test_tracks_begin_between_0_and_360_and_go_on():
    def track(*longitudes):
        line = [[longitude, 50] for longitude in longitudes]
        return {"type": "Feature", "geometry": {"type": "LineString", "coordinates": line}, "properties": {"id": 1}}

    answer = {"features": [track(-50.5, -50), track(10, 11), track(-0.5, 0.5), track(179.5, 180.5)]}
    tracks = reshape("/observation/track/quantum=day.json", answer)["features"]
    lines = [[longitude for longitude, _ in item["geometry"]["coordinates"]] for item in tracks]
    assert lines == [[309.5, 310], [10, 11], [359.5, 360.5], [179.5, 180.5]]


def statistics_answer(**others):
    def values(name, *numbers):
        return {"name": name, "units": "Celsius", "values": [*numbers]}

    return {
        "coordinates": {"depth": {"dims": [], "units": "m", "values": 9.6}},
        "variables": {
            "t_minimum": values("Temperature: least value", -1.23456789),
            "t_maximum": values("Temperature: greatest value", 123.456789),
            "t_mean": values("Temperature: mean, weighted by area", 10),
            "t_deviation": values("Temperature: standard deviation", 0.000012345678),
            "t_quantiles": values("Temperature: quantiles", [11.5]),
            "t_count": {"name": "Temperature: cells", "units": "1", "values": [1234567.0]},
        },
    } | others


STATISTICS_PATH = f"/stats/?{json_query({**STATISTICS, 'area': [BOX, 'k/A']})}"


def test_statistics_are_texts_by_area_and_variable():
    first, second = reshape(STATISTICS_PATH, statistics_answer(), statistics_answer())
    assert (first["name"], second["name"]) == ("A", "b")
    assert first["variables"] == [
        {
            "name": "Temperature (@10 m)", "unit": "Celsius", "min": "-1.2346", "max": "123.46", "mean": "    10",
            "median": "  11.5", "stddev": "1.2346e-05", "num": "1234567",
        }
    ]  # fmt: skip


@loop_over(("language", "text"), [("en", "No Data"), ("fr", "Aucune donnée")])
def test_statistics_of_no_cells_say_so(language, text):
    empty = statistics_answer()
    for variable in empty["variables"].values():
        variable["values"] = [None]
    (variable,) = documents.reshape_statistics(empty, language, at_bottom=True)
    assert variable["name"] == "Temperature (@ Bottom)"
    assert {variable[name] for name in ("min", "max", "mean", "median", "stddev")} == {text}
    assert variable["num"] == "0"


def test_statistics_of_categories_have_counts_alone():
    only = {"t_count": {"name": "Ice: cells", "units": "1", "values": [7.0]}}
    answer = statistics_answer(variables=only, coordinates={})
    (variable,) = documents.reshape_statistics(answer, "en", at_bottom=False)
    assert (variable["name"], variable["num"], variable["mean"]) == ("Ice", "7", "No Data")


def test_a_document_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("ocean_gateway.v1.forwarding.MAX_DOCUMENT", 10)
    with start(answer_with(200, json.dumps({"value": "a" * 20}).encode()))[1] as client:
        response = client.get(f"{V1}/quantum/?dataset=g")
    assert response.status_code == 400
    assert V2 in response.json()["message"]


def test_a_path_that_goes_up_is_no_row():
    with pytest.raises(InvalidRequest):
        find_row(f"{V1}/observation/point/../../../internal/revisions")
