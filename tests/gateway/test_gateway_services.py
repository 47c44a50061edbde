"""How the gateway's own app asks the services."""

import asyncio

import httpx

from ocean_common.contracts.common import Health
from ocean_gateway.documents import CACHE_TIME, ServiceStates

URLS = {"metadata": "http://metadata", "data": "http://data"}
DEGRADED = Health(status="degraded", service="metadata", version="1", reasons=["slow"])


class Network:
    """Metadata answers, data does not; every request is counted."""

    def __init__(self):
        self.asked = []

    def __call__(self, request):
        self.asked.append(str(request.url))
        if request.url.host == "data":
            raise httpx.ConnectError("refused", request=request)
        if request.url.path == "/health/ready":
            return httpx.Response(200, json={"status": "degraded", "service": "m", "version": "1", "reasons": ["slow"]})
        return httpx.Response(200, json={"paths": {}})


def ask(network, *moments):
    now = iter(moments)

    async def asking():
        services = ServiceStates(URLS, 1.0, transport=httpx.MockTransport(network), clock=lambda: next(now))
        try:
            return [await services.all() for _ in range(len(moments) // 2)]
        finally:
            await services.aclose()

    return asyncio.run(asking())


def test_services_that_answer_have_a_document_and_the_others_have_none():
    metadata, data = ask(Network(), 0, 0)[0]
    assert (metadata.document, metadata.reasons) == ({"paths": {}}, ["slow"])
    assert data.document is None


def test_a_response_is_reused_for_a_short_time():
    network = Network()

    async def twice():
        services = ServiceStates(URLS, 1.0, transport=httpx.MockTransport(network), clock=lambda: 0.0)
        first, second = await asyncio.gather(services.all(), services.all())
        await services.aclose()
        return first is second

    assert asyncio.run(twice())
    assert len(network.asked) == len(set(network.asked))


def test_after_a_short_time_the_services_are_requested_again():
    network = Network()
    ask(network, 0, 0, CACHE_TIME, CACHE_TIME)
    assert network.asked.count("http://metadata/health/ready") == 2


def test_a_broken_document_counts_as_no_answer():
    broken = httpx.MockTransport(lambda _: httpx.Response(200, content=b"<html>"))
    wrong = httpx.MockTransport(lambda _: httpx.Response(500, json={}))

    async def get_documents():
        return [(await ServiceStates(URLS, 1.0, transport=item).all())[0].document for item in (broken, wrong)]

    assert asyncio.run(get_documents()) == [None, None]


def test_one_instance_that_answers_is_enough_for_the_document_of_a_service():
    urls = {"metadata": "http://data,http://metadata", "data": "http://data"}

    async def get_states():
        return await ServiceStates(urls, 1.0, transport=httpx.MockTransport(Network())).all()

    assert [state.document for state in asyncio.run(get_states())] == [{"paths": {}}, None]
