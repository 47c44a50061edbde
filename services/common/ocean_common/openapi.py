"""OpenAPI documents as generators of clients read them best.

The framework writes an optional parameter as one that may be null, which no query can say, and repeats the values of an
enumeration at each operation, from which generators make a class each.
"""

import copy
from collections import Counter
from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

Document = dict[str, Any]


class SimpleJsonPlugin(JsonRenderPlugin):
    """Renders the simplified document, once."""

    def __init__(self, path: str) -> None:
        super().__init__(path=path)
        self._rendered: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:
        """Render the document as JSON."""
        if self._rendered is None:
            self._rendered = self.render_json(request, simplify_document(openapi_schema))
        return self._rendered


def simplify_document(document: Document) -> Document:
    """Return a document without null parameters, with examples, items of arrays, and one schema of each enumeration."""
    document = copy.deepcopy(document)
    parameters = [
        parameter
        for item in document.get("paths", {}).values()
        for operation in item.values()
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", [])
    ]
    for parameter in parameters:
        parameter["schema"] = _without_null(parameter.get("schema", {}))
        _add_example(parameter)
    _share_enumerations(parameters, document.setdefault("components", {}).setdefault("schemas", {}))
    _add_items(document)
    # What needs a token says so itself.
    return {**document, "security": []}


def _without_null(schema: Document) -> Document:
    """Return the schema of a parameter, which is absent rather than null."""
    schema = dict(schema)
    for word in ("oneOf", "anyOf"):
        if word in schema:
            kinds = [kind for kind in schema[word] if kind != {"type": "null"}]
            if len(kinds) == 1:
                del schema[word]
                schema = {**kinds[0], **schema}
            else:
                schema[word] = kinds
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        schema["type"] = kinds[0] if len(kinds) == 1 else kinds
    if None in schema.get("enum", []):
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    if schema.get("default", ...) is None:
        del schema["default"]
    return schema


def _add_example(parameter: Document) -> None:
    """Make an example of the default or the first value of a parameter that has none of its own."""
    schema = parameter["schema"]
    if parameter.get("examples") or "example" in parameter or schema.get("examples"):
        return
    value = schema.get("default", next(iter(schema.get("enum", [])), None))
    if value is not None:
        parameter["examples"] = {"default": {"value": value}}


def _add_items(node: Any) -> None:
    """Give arrays of a fixed length whose members are alike the schema of these, which generators look for."""
    if isinstance(node, list):
        for item in node:
            _add_items(item)
    elif isinstance(node, dict):
        for item in [*node.values()]:
            _add_items(item)
        if node.get("type") == "array" and "items" not in node:
            members = node.get("prefixItems", [{}])
            alike = all(member == members[0] for member in members)
            node["items"] = members[0] if alike else {}
            if "prefixItems" in node:
                node |= {"minItems": len(members), "maxItems": len(members)}
                if alike:
                    del node["prefixItems"]


def _share_enumerations(parameters: list[Document], schemas: Document) -> None:
    """Move enumerations that several parameters have into the components, named by their title or their parameter."""
    keys = [(parameter["name"], tuple(parameter["schema"].get("enum", ()))) for parameter in parameters]
    uses = Counter(key for key in keys if key[1])
    names: dict[tuple[str, tuple[Any, ...]], str] = {}
    for parameter, key in zip(parameters, keys, strict=True):
        if uses[key] < 2:
            continue
        schema = parameter["schema"]
        if key not in names:
            names[key] = _find_free_name(schema.get("title") or key[0], schemas)
            schemas[names[key]] = {"type": schema.get("type", "string"), "enum": list(key[1])}
        reference = {"$ref": f"#/components/schemas/{names[key]}"}
        parameter["schema"] = {"allOf": [reference], "default": schema["default"]} if "default" in schema else reference
        if description := schema.get("description"):
            parameter.setdefault("description", description)


def _find_free_name(title: str, schemas: Document) -> str:
    stem = "".join(word[:1].upper() + word[1:] for word in title.replace("-", "_").split("_")) + "Name"
    number = 1
    while (name := stem if number == 1 else f"{stem}{number}") in schemas:
        number += 1
    return name
