"""One OpenAPI document of several."""

from collections.abc import Iterable
from typing import Any

from ocean_gateway.domain.ports import Document, Service

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_INTRODUCTION = (
    "Ocean model data as datasets, numbers and pictures: the documents of the metadata, data and plotting services "
    "in one."
)


def merge(services: Iterable[Service], version: str) -> Document:
    """Put the documents of ``services`` into one.

    What is described twice and differently stays as the first has it, and is named in ``x-conflicts``; who does
    not answer is left out, and named in ``x-missing``.
    """
    merged: Document = {"openapi": "3.1.0", "servers": [{"url": "/"}], "tags": [], "paths": {}, "components": {}}
    missing: list[str] = []
    conflicts: list[str] = []
    for service in services:
        if service.document is None:
            missing.append(service.name)
            continue
        _add_tags(merged["tags"], service.document.get("tags", []))
        for path, item in service.document.get("paths", {}).items():
            _unite(merged["paths"].setdefault(path, {}), item, f"paths {path}", conflicts)
        for kind, named in service.document.get("components", {}).items():
            _unite(merged["components"].setdefault(kind, {}), named, f"components {kind}", conflicts)
    merged["info"] = {"title": "Ocean Navigator", "version": version, "description": _describe(missing)}
    return merged | {key: found for key, found in (("x-missing", missing), ("x-conflicts", conflicts)) if found}


def _describe(missing: list[str]) -> str:
    if not missing:
        return _INTRODUCTION
    return f"{_INTRODUCTION}\n\n**Not complete now:** no answer from {' and '.join(missing)}."


def _unite(into: dict[str, Any], other: dict[str, Any], where: str, conflicts: list[str]) -> None:
    for name, value in other.items():
        if into.setdefault(name, value) != value:
            conflicts.append(f"{where} {name}")


def _add_tags(into: list[dict[str, Any]], tags: list[dict[str, Any]]) -> None:
    known = {tag["name"] for tag in into}
    into += [tag for tag in tags if tag["name"] not in known]


def operations(document: Document) -> list[tuple[str, str, str]]:
    """Method, path and summary of all that a document describes."""
    return [
        (method.upper(), path, one.get("summary", ""))
        for path, item in document.get("paths", {}).items()
        for method, one in item.items()
        if method in METHODS
    ]
