"""Contracts only grow: what a neighbour of any earlier version sends is still understood."""

import base64
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from tests.contracts.samples import RECORDINGS, contracts, sample
from tests.looping import loop_over

from ocean_common.contracts.data import AnyExtractionRequest

KINDS = {kind.__name__: kind for kind in contracts()}
RECORDED = sorted((Path(__file__).parent / RECORDINGS).glob("*/*.*"))
DECODE = {".json": msgspec.json.decode, ".msgpack": msgspec.msgpack.decode}


def members(value, as_text):
    """The members of a message, those with defaults too, as they are sent; ``as_text``: bytes are."""
    match value:
        case msgspec.Struct():
            config, fields = value.__struct_config__, msgspec.structs.fields(value)
            tag = {config.tag_field: config.tag} if config.tag_field else {}
            return tag | {field.encode_name: members(getattr(value, field.name), as_text) for field in fields}
        case list() | tuple():
            return [members(item, as_text) for item in value]
        case dict():
            return {key: members(item, as_text) for key, item in value.items()}
        case bytes() if as_text:
            return base64.b64encode(value).decode()
    return value


def holds(message, recorded):
    if isinstance(recorded, dict):
        return all(key in message and holds(message[key], value) for key, value in recorded.items())
    if isinstance(recorded, list):
        return len(message) == len(recorded) and all(map(holds, message, recorded))
    return message == recorded


@loop_over("path", RECORDED)
def test_a_recorded_message_is_decoded_and_nothing_of_it_is_lost(path):
    decode, content = DECODE[path.suffix], path.read_bytes()
    message = decode(content, type=KINDS[path.stem])
    assert holds(members(message, as_text=path.suffix == ".json"), decode(content))


@loop_over("name", KINDS)
def test_every_contract_is_recorded_frozen_and_named_by_keyword(name):
    kind = KINDS[name]
    assert {path.suffix for path in RECORDED if path.stem == name} == set(DECODE)
    assert kind.__struct_config__.frozen
    with pytest.raises(TypeError):
        kind("positional")


@loop_over("name", KINDS)
def test_a_message_is_the_same_after_either_encoding(name):
    message = sample(KINDS[name])
    assert msgspec.json.decode(msgspec.json.encode(message), type=KINDS[name]) == message
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=KINDS[name]) == message


@loop_over("name", KINDS)
def test_members_that_a_newer_neighbour_sends_are_ignored(name):
    message = sample(KINDS[name])
    newer = msgspec.msgpack.decode(msgspec.msgpack.encode(message)) | {"a newer member": [1, 2]}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(newer), type=KINDS[name]) == message


# Sent between services alone: an older neighbour need not know a member that is not used.
INTERNAL = {
    *("TileRequest", "TileField", "Minuend", "Coordinate", "Field", "Coverage", "VariableInfo", "Grid", "Assets"),
    *("Revisions", "Class4Profiles", "Class4Values", "ObservedStation", "PlatformTrack"),
    *(kind.__name__ for kind in get_args(AnyExtractionRequest)),
}


@loop_over("name", sorted(INTERNAL))
def test_defaults_are_left_out_of_what_services_send_each_other(name):
    assert KINDS[name].__struct_config__.omit_defaults


def test_an_unknown_member_from_a_newer_neighbour_is_ignored():
    newer = msgspec.json.encode({"value": "day", "since": "tomorrow"})
    assert msgspec.json.decode(newer, type=KINDS["Quantum"]) == KINDS["Quantum"](value="day")
