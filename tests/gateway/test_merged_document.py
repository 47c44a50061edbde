"""The merged document of the three services, as generators of clients read it."""

import json
from collections import Counter

import pytest
from litestar.testing import TestClient

from ocean_data.app import create_app as create_data_app
from ocean_gateway.documents import ServiceState, merge_documents
from ocean_metadata.app import create_app as create_metadata_app
from ocean_plotting.app import create_app as create_plotting_app


@pytest.fixture(scope="module")
def document():
    apps = {
        "metadata": create_metadata_app(None),
        "data": create_data_app(catalogue=None, areas=None, source=None, workers=None),
        "plotting": create_plotting_app(catalogue=None, numbers=None, drawing=None),
    }
    states = []
    for name, app in apps.items():
        with TestClient(app) as client:
            states.append(ServiceState(name=name, document=client.get(f"/{name}/openapi.json").json()))
    return merge_documents(states)


@pytest.fixture(scope="module")
def operations(document):
    return [(path, operation) for path, item in document["paths"].items() for operation in item.values()]


def list_enumerations(node):
    """List the values of every enumeration of two or more values."""
    if isinstance(node, list):
        return [values for item in node for values in list_enumerations(item)]
    if not isinstance(node, dict):
        return []
    own = node.get("enum")
    inner = [values for item in node.values() for values in list_enumerations(item)]
    return [frozenset(own), *inner] if isinstance(own, list) and len(own) > 1 else inner


def test_the_document_has_contact_and_licence_and_no_conflicts(document):
    assert not document.get("x-conflicts")
    assert document["info"]["contact"]
    assert document["info"]["license"]


def test_no_schema_of_a_parameter_is_null_and_each_has_an_example(operations):
    for _, operation in operations:
        for parameter in operation.get("parameters", []):
            schema, place = parameter["schema"], f"{operation['operationId']} {parameter['name']}"
            assert "null" not in json.dumps(schema), place
            assert not {"oneOf", "anyOf"} & set(schema), place
            assert parameter.get("examples") or schema.get("examples"), place


def test_no_enumeration_is_written_twice(document):
    counts = Counter(list_enumerations([document["paths"], document["components"]["schemas"]]))
    assert counts
    assert [sorted(values) for values, count in counts.items() if count > 1] == []


def test_everything_has_a_description(document, operations):
    for path, operation in operations:
        assert operation["description"], path
        assert all(response["description"] for response in operation["responses"].values()), path
        assert "requestBody" not in operation or operation["requestBody"]["description"], path
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter["name"])
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description") or "enum" in schema, name


def test_no_media_type_has_parameters(operations):
    for path, operation in operations:
        types = [kind for response in operation["responses"].values() for kind in response.get("content", {})]
        assert not [kind for kind in types if ";" in kind], path
