"""Two instances of each service: the same answers as of one, blocks of tiles made once, and one of them killed."""

import json
import re
import threading
from collections import defaultdict
from itertools import count, product

import httpx
import pytest
from tests.e2e.conftest import Run, until
from tests.looping import loop_over

pytestmark = pytest.mark.ci

API = "/api/v2.0"
SERVICES = ("metadata", "data", "plotting")
POINT = "latitude=73&longitude=20"
PROFILE = '{"dataset":"arctic_day","variable":["votemper"],"station":[[73,20]],"time":-1}'
SAME = [
    f"{API}/datasets",
    f"{API}/dataset/arctic_day/votemper/timestamps",
    f"{API}/data/arctic_day/votemper/profile?{POINT}&time=-1",
    f"{API}/data/arctic_day/votemper/timeseries?{POINT}&depth=0",
    f"{API}/data/arctic_day/votemper/area?bbox=15,72,20,74&time=-1&depth=0",
    f"{API}/tiles/ostia_month/surface_temperature/-1/0/4/2/7?interp=nearest&scale=288,307",
    f"{API}/tiles/arctic_day/votemper/-1/0/4/8/3?scale=-3,12",
    f"{API}/tiles/nemo_global_month/tos/-1/0/3/4/1?interp=bilinear&scale=-3,34",
    f"{API}/scale/arctic_day/votemper/-5,30",
    f"{API}/plot/profile?format=csv&query={PROFILE}",
    f"{API}/plot/profile?format=svg&query={PROFILE}",
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    options = [word for service in SERVICES for word in (f"--{service}-processes", "2")]
    run = Run(tmp_path_factory.mktemp("pairs") / "state", *options)
    try:
        yield run.wait()
    finally:
        code = run.stop()
    assert code == 0
    until(lambda: not run.left())


def count_requests(run, name, route=None):
    """How many requests an instance has answered, but for those about its health."""
    text = httpx.get(f"{run.urls()[name]}/metrics").text
    lines = re.findall(r'^ocean_requests_total\{.*route="([^"]+)".*\} (\S+)$', text, re.MULTILINE)
    quiet = ("/health", "/metrics")
    return sum(float(number) for path, number in lines if path == route or (not route and not path.startswith(quiet)))


def test_each_instance_has_its_place_in_what_is_printed_its_log_and_its_address(pairs):
    assert "metadata 2, data 2, plotting 2" in pairs.output()
    for service, number in product(SERVICES, (1, 2)):
        name = f"{service}-{number}"
        assert httpx.get(f"{pairs.urls()[name]}/health/ready").json()["service"] == service
        assert pairs.log(name)
    assert not any('"index' in line for line in pairs.log("metadata-2").splitlines())


@loop_over("path", SAME)
def test_two_instances_answer_what_one_answers(run, pairs, path):
    expected = run.http.get(path)
    assert expected.status_code == 200, expected.text
    for _ in range(4):  # so that both are asked
        response = pairs.http.get(path)
        assert response.status_code == 200, response.text
        assert response.headers["etag"] == expected.headers["etag"]
        assert response.content == expected.content


def test_each_block_of_a_view_is_requested_from_one_data_instance(pairs):
    """The number of the block is in the id of a request, which the plotting service passes on."""
    route, names = "/internal/tile-field", ("data-1", "data-2")
    before = sum(count_requests(pairs, name, route) for name in names)
    level = f"{API}/tiles/nemo_global_month/tos/-1/0"
    tiles = [(zoom, x, y) for zoom in (3, 4) for x, y in product(range(2**zoom), range(1, 2**zoom - 1))]

    def load(part):
        with httpx.Client(base_url=pairs.web, timeout=60) as http:
            for zoom, x, y in part:
                key = f"block-{zoom}-{x // 4}-{y // 4}-"
                response = http.get(f"{level}/{zoom}/{x}/{y}?interp=nearest&scale=0,30", headers={"x-request-id": key})
                assert response.status_code == 200, response.text

    in_threads([lambda part=tiles[start::6]: load(part) for start in range(6)])
    asked = defaultdict(list)
    for name in names:
        for line in pairs.log(name).splitlines():
            if route in line and "block-" in line:
                asked[json.loads(line)["request_id"]].append(name)
    assert len(asked) >= 16
    assert all(len(set(instances)) == 1 for instances in asked.values()), asked
    assert {name for instances in asked.values() for name in instances} == set(names)
    total = sum(count_requests(pairs, name, route) for name in names) - before
    assert total >= sum(map(len, asked.values()))


def in_threads(works):
    """Do all at once; the first error is raised."""
    errors = []

    def catch(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)

    threads = [threading.Thread(target=catch, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Load:
    """Six clients that send GET requests of all kinds, each for something new, until it ends."""

    def __init__(self, run):
        self.web, self.answered, self.failures = run.web, 0, []
        self._numbers, self._ended = count(1), threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(6)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send(self):
        with httpx.Client(base_url=self.web, timeout=120) as http:
            while not self._ended.is_set():
                path = self._path(next(self._numbers))
                try:
                    response = http.get(API + path)
                except httpx.TransportError as error:
                    self.failures.append((path, repr(error)))
                else:
                    if response.status_code != 200:
                        self.failures.append((path, response.status_code, response.text[:300]))
                self.answered += 1

    def _path(self, number):
        kinds = [
            "/datasets",
            f"/data/arctic_day/votemper/profile?latitude={70 + number % 500 / 100}&longitude=20&time=-1",
            f"/tiles/nemo_global_month/tos/-1/0/5/{number % 32}/{8 + number % 16}?interp=nearest&scale=0,{number}",
            f"/tiles/arctic_day/votemper/-1/0/6/{33 + number % 4}/{12 + number % 3}?scale=-3,{10 + number / 1000}",
            f"/dataset/arctic_day/votemper/timestamps?number={number}",
        ]
        if number % 40 == 0:
            return f"/plot/profile?format=csv&query={PROFILE.replace('73,', f'{72 + number / 10_000},')}"
        return kinds[number % len(kinds)]

    def wait(self, more):
        goal = self.answered + more
        until(lambda: self.answered >= goal, 120)


@pytest.mark.parametrize("name", ["data-1", "plotting-2", "metadata-1"])
def test_no_request_fails_while_an_instance_is_killed_and_it_comes_back(pairs, name):
    with Load(pairs) as load:
        load.wait(100)
        killed = pairs.instance(name)
        killed.kill()
        killed.wait(10)
        load.wait(300)
        until(lambda: pairs.instance(name).pid != killed.pid and is_live(pairs, name), 90)
        if name != "metadata-1":  # a client of metadata, and another service, stay with one instance
            before = count_requests(pairs, name)
            until(lambda: count_requests(pairs, name) > before, 60)
    assert not load.failures
    assert f"{name} ended (signal 9); it is started again" in pairs.output()
    until(lambda: is_live(pairs, name))


def is_live(run, name):
    try:
        return httpx.get(f"{run.urls()[name]}/health/live").is_success
    except httpx.TransportError:
        return False


def test_health_names_an_instance_that_is_away(pairs):
    url = f"{pairs.urls()['plotting-1']}/health/ready"
    away = f"the data service does not answer at {pairs.urls()['data-2']}"
    until(lambda: httpx.get(url).json()["status"] == "ready", 60)  # what was killed before is back
    pairs.instance("data-2").kill()
    health = until(lambda: next((h for h in [httpx.get(url).json()] if h["reasons"]), None))
    assert (health["status"], health["reasons"]) == ("degraded", [away])
    until(lambda: httpx.get(url).json()["status"] == "ready", 60)
