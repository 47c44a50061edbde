"""Documents as generators of clients read them."""

import copy

from ocean_common.openapi import simplify_document

MODES = ["nearest", "bilinear"]


def document_of(parameters=(), schemas=None, body=None):
    operation = {"parameters": list(parameters)} | ({"requestBody": body} if body else {})
    return {"paths": {"/a": {"get": operation}}, "components": {"schemas": schemas or {}}}


def parameter(name, schema):
    return {"name": name, "in": "query", "schema": schema}


def parameters_of(document):
    return {item["name"]: item["schema"] for item in document["paths"]["/a"]["get"]["parameters"]}


def test_a_parameter_is_absent_and_never_null():
    nullable = {"oneOf": [{"type": "string"}, {"type": "null"}], "default": None}
    assert parameters_of(simplify_document(document_of([parameter("q", nullable)]))) == {"q": {"type": "string"}}


def test_a_member_of_a_body_may_be_null():
    schemas = {"Body": {"type": "object", "properties": {"time": {"oneOf": [{"type": "string"}, {"type": "null"}]}}}}
    assert simplify_document(document_of(schemas=schemas))["components"]["schemas"] == schemas


def test_an_enumeration_of_parameters_and_bodies_is_one_schema():
    shared = {"$ref": "#/components/schemas/InterpName"}
    mode = {"type": "string", "enum": MODES}
    properties = {
        "interpolation": {**mode, "default": "nearest", "description": "Between cells."},
        "several": {"type": "array", "items": dict(mode)},
        "other": {"oneOf": [{"type": "string", "enum": MODES[::-1]}, {"type": "null"}]},
        "alone": {"type": "string", "enum": ["a", "b"]},
    }
    document = simplify_document(
        document_of([parameter("interp", mode)], {"Body": {"type": "object", "properties": properties}})
    )
    schemas = document["components"]["schemas"]
    assert schemas["InterpName"] == mode
    assert parameters_of(document) == {"interp": shared}
    assert schemas["Body"]["properties"] == {
        "interpolation": {"allOf": [shared], "default": "nearest", "description": "Between cells."},
        "several": {"type": "array", "items": shared},
        "other": {"oneOf": [shared, {"type": "null"}]},
        "alone": properties["alone"],
    }


def test_a_name_that_is_taken_gets_a_number():
    taken = {"ModeName": {"type": "object"}}
    mode = {"type": "string", "enum": MODES}
    parameters = [parameter("mode", dict(mode)) for _ in range(2)]
    schemas = simplify_document(document_of(parameters, taken))["components"]["schemas"]
    assert schemas == taken | {"ModeName2": mode}


def test_a_body_is_described_as_its_schema_is():
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}}
    document = document_of(schemas={"Body": {"type": "object", "description": "Points."}}, body=body)
    before = copy.deepcopy(document)
    assert simplify_document(document)["paths"]["/a"]["get"]["requestBody"]["description"] == "Points."
    assert document == before
