"""A plotting service with fakes for neighbours. It draws in its own process, but for the tests of the workers."""

from collections import Counter
from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.plotting.fakes import FakeCatalogue, FakeNumbers

from ocean_plotting.app import create_app
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import FigureResources
from ocean_plotting.workers import FigureRenderer

COAST = Path(__file__).parents[2] / "deploy/sample_data/coast/ne_110m_land.geojson.gz"


# Tests that draw a figure for each of many sizes, languages and numbers of stations: some of them now and then is
# enough to see a label that moved, half of these where CI is set; all of them are of the tests with full counts.
THOROUGH = {
    "test_a_figure_of_any_shape_is_drawn_without_a_warning",
    "test_every_format_is_written",
    "test_no_label_covers_another",
    "test_no_text_lies_on_another_or_runs_out_of_the_figure",
    "test_no_words_lie_on_each_other",
}
SOME = 3  # one of so many


def pytest_collection_modifyitems(items):
    """Leave most of what is thorough to the full counts, and half of the rest to CI, the same each time."""
    observed = Counter()
    for item in items:
        if (name := getattr(item, "originalname", None)) in THOROUGH:
            observed[item.path, name] += 1
            if observed[item.path, name] % SOME:
                item.add_marker(pytest.mark.full)
            elif observed[item.path, name] % (2 * SOME) == 0:
                item.add_marker(pytest.mark.ci)


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def resources():
    return FigureResources(str(COAST))


@pytest.fixture(scope="session")
def context(resources):
    """What figures are drawn on: `context("fr", "6x4")`."""

    def make(language="en", size="15x9"):
        width, height = map(float, size.split("x"))
        return resources.make_context(Output(width=width, height=height, language=language))

    return make


@pytest.fixture
def catalogue():
    return FakeCatalogue()


@pytest.fixture
def numbers():
    return FakeNumbers()


@pytest.fixture
def app(catalogue, numbers, resources):
    return create_app(catalogue=catalogue, numbers=numbers, drawing=FigureRenderer(resources))


@pytest.fixture
def client(app):
    with TestClient(app, base_url="http://plotting/api/v2.0", raise_server_exceptions=False) as client:
        yield client
