"""Several instances of each service behind the real Traefik, and one of them ended."""

import threading
from collections import Counter

import httpx
from tests.gateway.conftest import SERVICES, StandIn, run_gateway, until
from tests.looping import loop_over

from stack.options import free_ports

API = "/api/v2.0"
PATHS = {"metadata": "/datasets", "data": "/data/d/v/point", "plotting": "/tiles/d/v/1/0/4/5/6"}


def count_answers(gateway, service, number=20):
    responses = [gateway.get(API + PATHS[service]) for _ in range(number)]
    assert all(response.is_success for response in responses)
    return Counter(response.headers["reached"] for response in responses)


@loop_over("service", ["data", "plotting"])
def test_requests_are_shared_evenly_by_the_instances(gateway_of_pairs, service):
    evenly = {f"{service}-1": 10, f"{service}-2": 10}
    assert until(lambda: count_answers(gateway_of_pairs, service) == evenly)


def test_a_client_of_metadata_stays_with_one_instance(gateway_of_pairs):
    assert until(lambda: len(count_answers(gateway_of_pairs, "metadata")) == 1)


@loop_over("service", SERVICES)
def test_no_request_fails_while_an_instance_ends_and_it_comes_back(gateway_of_pairs, service):
    failures, reached, ended = [], [], threading.Event()

    def load():
        with httpx.Client(base_url=gateway_of_pairs.http.base_url, timeout=30) as http:
            while not ended.is_set():
                response = http.get(API + PATHS[service])
                reached.append(response.headers.get("reached"))
                if not response.is_success:
                    failures.append((response.status_code, response.text[:200]))

    clients = [threading.Thread(target=load) for _ in range(6)]
    try:
        for client in clients:
            client.start()
        until(lambda: len(reached) > 50)
        gone = gateway_of_pairs.stand_ins[reached[-1]]
        gone.stop()
        before = len(reached)
        until(lambda: len(reached) > before + 200)
        assert gone.name not in reached[before + 100 :]
        gone.start()
        until(lambda: gone.name in reached[-50:])
    finally:
        ended.set()
        for client in clients:
            client.join()
    assert not failures


def test_a_request_that_may_change_something_is_received_once(gateway_of_pairs):
    stand_ins = [gateway_of_pairs.stand_ins[f"plotting-{number}"] for number in (1, 2)]
    stand_ins[0].server.stopped = True  # it reads requests, and closes the connection
    try:
        before = sum(stand_in.received.count("POST") for stand_in in stand_ins)
        statuses = {gateway_of_pairs.post(API + PATHS["plotting"], content=b"{}").status_code for _ in range(10)}
        assert sum(stand_in.received.count("POST") for stand_in in stand_ins) == before + 10
        assert statuses <= {200, 502}
        assert set(count_answers(gateway_of_pairs, "plotting")) == {"plotting-2"}  # what changes nothing
    finally:
        stand_ins[0].server.stopped = False


def test_numbered_addresses_are_those_of_all_instances(tmp_path):
    (port,) = free_ports(1)
    stand_ins = [StandIn(f"data-{number}", port, f"127.0.0.{number}") for number in (1, 2, 3)]
    for stand_in in stand_ins:
        stand_in.start()
    url = f"http://127.0.0.{{1..3}}:{port}"
    try:
        with run_gateway(tmp_path, {"metadata": ["metadata"], "plotting": ["plotting"]}, DATA_URL=url) as gateway:
            evenly = {stand_in.name: 10 for stand_in in stand_ins}
            assert until(lambda: count_answers(gateway, "data", 30) == evenly)
    finally:
        for stand_in in stand_ins:
            stand_in.stop()
