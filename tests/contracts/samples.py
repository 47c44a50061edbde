"""A message of every contract, with every field filled, the same at each call."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types

import ocean_common.contracts

RECORDINGS = "recordings"


def contracts() -> Iterator[type[msgspec.Struct]]:
    """Every Struct of `ocean_common.contracts`."""
    for module in pkgutil.iter_modules(ocean_common.contracts.__path__):
        loaded = importlib.import_module(f"ocean_common.contracts.{module.name}")
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(kind, msgspec.Struct) and kind.__module__ == loaded.__name__:
                yield kind


def sample(kind: type[msgspec.Struct]) -> msgspec.Struct:
    """One message of ``kind``."""
    return msgspec.convert(_value(types.type_info(kind)), kind)


def _value(kind: types.Type, within: tuple[type[msgspec.Struct], ...] = ()) -> Any:  # noqa: PLR0911  one a kind
    match kind:
        case types.StructType():
            tag = {kind.tag_field: kind.tag} if kind.tag_field else {}
            inner = (*within, kind.cls)
            return tag | {field.encode_name: _value(field.type, inner) for field in kind.fields}
        case types.UnionType():
            some = [item for item in kind.types if not isinstance(item, types.NoneType) and not _again(item, within)]
            return _value(some[0], within) if some else None
        case types.LiteralType():
            return kind.values[0]
        case types.ListType():
            return [_value(kind.item_type, within)]
        case types.VarTupleType():
            return [_value(kind.item_type, within)] * 2
        case types.TupleType():
            return [_value(item, within) for item in kind.item_types]
        case types.DictType():
            key = _value(kind.key_type, within)
            return {} if _again(kind.value_type, within) else {key: _value(kind.value_type, within)}
        case _:
            return PLAIN[type(kind)]


def _again(kind: types.Type, within: tuple[type[msgspec.Struct], ...]) -> bool:
    """Whether a Struct holds itself: one message of it is enough."""
    return isinstance(kind, types.StructType) and kind.cls in within


PLAIN: dict[type[types.Type], Any] = {
    types.StrType: "text",
    types.IntType: 7,
    types.FloatType: 2.5,
    types.BoolType: True,
    types.BytesType: b"\x00\x01",
    types.AnyType: "anything",
}
