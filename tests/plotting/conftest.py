"""A plotting service with fakes for neighbours. It draws in its own process, but for the tests of the workers."""

from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.plotting.fakes import FakeCatalogue, FakeNumbers

from ocean_plotting.adapters.ground import Ground
from ocean_plotting.adapters.in_process import Inline
from ocean_plotting.app import create_app
from ocean_plotting.domain.output import Output

COAST = Path(__file__).parents[2] / "deploy/sample_data/coast/ne_110m_land.geojson.gz"


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def ground():
    return Ground(str(COAST))


@pytest.fixture(scope="session")
def sheet(ground):
    """What figures are drawn on: `sheet("fr", "6x4")`."""

    def make(language="en", size="15x9"):
        width, height = map(float, size.split("x"))
        return ground.sheet(Output(width=width, height=height, language=language))

    return make


@pytest.fixture
def catalogue():
    return FakeCatalogue()


@pytest.fixture
def numbers():
    return FakeNumbers()


@pytest.fixture
def app(catalogue, numbers, ground):
    return create_app(catalogue=catalogue, numbers=numbers, drawing=Inline(ground))


@pytest.fixture
def client(app):
    with TestClient(app, base_url="http://plotting/api/v2.0", raise_server_exceptions=False) as client:
        yield client
