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


def _value(kind: types.Type) -> Any:  # noqa: PLR0911  one a kind
    match kind:
        case types.StructType():
            return {field.encode_name: _value(field.type) for field in kind.fields}
        case types.UnionType():
            return _value(next(one for one in kind.types if not isinstance(one, types.NoneType)))
        case types.LiteralType():
            return kind.values[0]
        case types.ListType():
            return [_value(kind.item_type)]
        case types.VarTupleType():
            return [_value(kind.item_type)] * 2
        case types.TupleType():
            return [_value(one) for one in kind.item_types]
        case types.DictType():
            return {"key": _value(kind.value_type)}
        case _:
            return PLAIN[type(kind)]


PLAIN: dict[type[types.Type], Any] = {
    types.StrType: "text",
    types.IntType: 7,
    types.FloatType: 2.5,
    types.BoolType: True,
    types.BytesType: b"\x00\x01",
    types.AnyType: "anything",
}
