"""A plotting service with fakes for neighbours. It draws in its own process, but for the tests of the workers."""

from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.plotting.fakes import FakeCatalogue, FakeNumbers

from ocean_plotting.adapters.coast import read_land
from ocean_plotting.adapters.in_process import Inline
from ocean_plotting.app import create_app

COAST = Path(__file__).parents[2] / "deploy/sample_data/coast/ne_110m_land.geojson.gz"


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def land():
    return read_land(COAST)


@pytest.fixture
def catalogue():
    return FakeCatalogue()


@pytest.fixture
def numbers():
    return FakeNumbers()


@pytest.fixture
def app(catalogue, numbers, land):
    return create_app(catalogue=catalogue, numbers=numbers, drawing=Inline(), land=land)


@pytest.fixture
def client(app):
    with TestClient(app, base_url="http://plotting/api/v2.0", raise_server_exceptions=False) as client:
        yield client
