"""Limits that several services document and check: one definition of each."""

import re

import pytest

from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS
from ocean_core.tiles import MAX_ZOOM
from ocean_data.app import create_app as data_app
from ocean_plotting.app import create_app as plotting_app


def parameters(app):
    document = app.openapi_schema.to_schema()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method} {path}", parameter["name"], parameter


@pytest.fixture(params=["data", "plotting"])
def documented(request):
    if request.param == "data":
        return list(parameters(data_app(catalogue=None, areas=None, source=None, workers=None)))
    return list(parameters(plotting_app(catalogue=None, numbers=None, drawing=None)))


@pytest.mark.parametrize(
    ("name", "limit"), [("zoom", MAX_ZOOM), ("radius", MAX_RADIUS), ("neighbours", MAX_NEIGHBOURS)]
)
def test_every_document_has_the_same_limit(documented, name, limit):
    result = {where: item for where, called, item in documented if called == name}
    assert result
    for where, item in result.items():
        reported = item["schema"].get("maximum") or float(re.findall(r"\d+", item["description"])[-1])
        assert reported == limit, where
