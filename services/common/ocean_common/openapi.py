"""OpenAPI documents as generators of clients read them best.

The framework writes an optional parameter as one that may be null, which no query can say, and repeats the values of an
enumeration at each operation, from which generators make a class each.
"""

import copy
import inspect
from collections import Counter
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

Document = dict[str, Any]


class StructDescriptions(OpenAPISchemaPlugin):
    """Describes the schema of a Struct by the first paragraph of its docstring."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        own = next(
            plugin
            for plugin in schema_creator.plugins
            if plugin is not self and schema_creator.plugin_supports_field(plugin, field_definition)
        )
        schema: Schema = own.to_openapi_schema(field_definition, schema_creator)
        if text := inspect.cleandoc(field_definition.type_.__doc__ or ""):
            schema.description = " ".join(text.partition("\n\n")[0].split())
        return schema


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
    """Return a document without null parameters, with examples, descriptions of bodies, and each enumeration once."""
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
    _describe_bodies(document)
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


def _describe_bodies(document: Document) -> None:
    """Give bodies of requests the description of their schema."""
    schemas: Document = document["components"]["schemas"]
    operations = [operation for item in document.get("paths", {}).values() for operation in item.values()]
    for operation in operations:
        body: Document = operation.get("requestBody", {}) if isinstance(operation, dict) else {}
        for content in body.get("content", {}).values():
            schema: Document = content.get("schema", {})
            for part in (schema, *schema.get("allOf", [])):
                name = part.get("$ref", "").rpartition("/")[2]
                if description := schemas.get(name, part).get("description"):
                    body.setdefault("description", description)


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
    """Move repeated enumerations into the components.

    They are the same where their values are, in any order, and named by the title of the first one, or by its parameter
    or property.
    """
    places = [(parameter["name"], parameter, "schema") for parameter in parameters]
    places += [place for schema in schemas.values() for place in _list_members(schema)]
    places = [(name, holder, key) for name, holder, key in places if holder[key].get("enum")]
    uses = Counter(frozenset(holder[key]["enum"]) for _, holder, key in places)
    names: dict[frozenset[Any], str] = {}
    for name, holder, key in places:
        schema = holder[key]
        values = frozenset(schema["enum"])
        if uses[values] < 2:
            continue
        if values not in names:
            names[values] = _find_free_name(schema.get("title") or name, schemas)
            schemas[names[values]] = {"type": schema.get("type", "string"), "enum": schema["enum"]}
        reference = {"$ref": f"#/components/schemas/{names[values]}"}
        if key == "schema" and (description := schema.get("description")):
            holder.setdefault("description", description)
        kept = ("default",) if key == "schema" else ("default", "description")
        remarks = {word: schema[word] for word in kept if word in schema}
        holder[key] = {"allOf": [reference], **remarks} if remarks else reference


def _list_members(schema: Document, name: str = "") -> list[tuple[str, Any, Any]]:
    """List the schemas within a schema, each as the name of its property, and its holder with the key in this."""
    properties = schema.get("properties", {})
    members = [(key, properties, key) for key in properties]
    if isinstance(schema.get("items"), dict):
        members.append((name, schema, "items"))
    members += [
        (name, schema[word], index) for word in ("oneOf", "anyOf") for index in range(len(schema.get(word, ())))
    ]
    return [place for key, holder, at in members for place in ((key, holder, at), *_list_members(holder[at], key))]


def _find_free_name(title: str, schemas: Document) -> str:
    stem = "".join(word[:1].upper() + word[1:] for word in title.replace("-", "_").split("_")) + "Name"
    number = 1
    while (name := stem if number == 1 else f"{stem}{number}") in schemas:
        number += 1
    return name
