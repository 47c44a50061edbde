"""Services that die, while the others go on."""

import signal
import time
from itertools import chain

import httpx
import msgspec
import pytest
from tests.e2e.conftest import until
from tests.looping import leave_to_ci

from ocean_common.contracts.common import Problem

API = "/api/v2.0"
PLOT = "%7B%22dataset%22:%22arctic_day%22,%22variable%22:%22votemper%22,%22station%22:[[74,21]],%22time%22:-1%7D"
POINT = "latitude=73&longitude=20"

# What each service answers while the others are away.
OWN = {
    "metadata": [f"{API}/datasets", f"{API}/dataset/arctic_day/votemper/timestamps", "/metadata/docs"],
    "data": [f"{API}/data/arctic_day/votemper/timeseries?{POINT}", "/data/openapi.json"],
    "plotting": [f"{API}/plot/colormaps", "/plotting/openapi.json"],
}


def missing(response, name):
    """Whether an answer says, as it should, that a service is away."""
    if response.status_code not in {502, 503}:
        return False
    problem = msgspec.json.decode(response.content, type=Problem)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem.status == response.status_code
    assert name in problem.detail
    return int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize("name", leave_to_ci(OWN))
def test_a_killed_service_is_missed_at_once_alone_and_briefly(run, name):
    for path in chain.from_iterable(OWN.values()):
        assert run.http.get(path).is_success  # what is needed of the others is known from now on
    killed = run.program(name)
    killed.kill()
    killed.wait(10)
    started = time.monotonic()
    for path in OWN[name]:
        assert missing(run.http.get(path), name), path
    assert missing(run.http.post(OWN[name][0], content=b"{}"), name)
    assert time.monotonic() - started < 2
    for other in set(OWN) - {name}:
        for path in OWN[other]:
            response = run.http.get(path)
            assert response.is_success, (path, response.text)
    merged, hub = run.http.get("/openapi.json").json(), run.http.get("/docs")
    assert hub.is_success
    assert name in merged.get("x-missing", []) or merged["paths"]  # it may be back already
    until(lambda: all(run.http.get(path).is_success for path in OWN[name]), 60)
    assert run.program(name).pid != killed.pid
    assert f"{name} ended (signal 9); it is started again" in run.output()


@pytest.mark.ci
def test_a_service_that_ends_again_and_again_is_named_by_hub_and_document(run):
    url = run.urls()["data"]

    def ended():
        run.program("data").kill()
        return "x-missing" in run.http.get("/openapi.json").json() and "no response" in run.http.get("/docs").text

    until(ended)
    assert run.http.get(f"{API}/datasets").is_success
    until(lambda: run.http.get("/openapi.json").json().get("x-missing") is None, 90)
    until(lambda: httpx.get(f"{url}/health/live").is_success)


def test_a_plot_without_numbers_says_which_service_is_away(run):
    path = f"{API}/plot/profile?format=svg&query={PLOT}"
    run.program("data").send_signal(signal.SIGKILL)
    response = run.http.get(path)
    assert response.is_success or missing(response, "data")
    until(lambda: run.http.get(path).is_success, 60)


def test_the_gateways_own_app_and_traefik_come_back_too(run):
    for name, path in (("gateway", "/docs"), ("traefik", f"{API}/datasets")):
        killed = run.program(name)
        killed.kill()
        killed.wait(10)

        def back(path=path):
            try:
                return run.http.get(path).is_success
            except httpx.TransportError:
                return False

        assert until(back, 60)


@pytest.mark.ci
def test_workers_of_a_killed_service_are_ended(run):
    service = run.program("plotting")
    workers = service.children(recursive=True)
    assert workers
    service.kill()
    for worker in workers:
        worker.wait(20)
    until(lambda: run.http.get(f"{API}/plot/profile?format=svg&query={PLOT}").is_success, 90)
