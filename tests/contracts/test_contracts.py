"""Contracts only grow: what a neighbour of any earlier version sends is still understood."""

from pathlib import Path

import msgspec
import pytest
from tests.contracts.samples import RECORDINGS, contracts, sample
from tests.looping import loop_over

KINDS = {kind.__name__: kind for kind in contracts()}
RECORDED = sorted((Path(__file__).parent / RECORDINGS).glob("*/*.*"))
DECODE = {".json": msgspec.json.decode, ".msgpack": msgspec.msgpack.decode}


@loop_over("path", RECORDED)
def test_a_recorded_message_is_decoded_and_nothing_of_it_is_lost(path):
    decode, content = DECODE[path.suffix], path.read_bytes()
    message = decode(content, type=KINDS[path.stem])
    recorded = decode(content)
    kept = decode(msgspec.json.encode(message) if path.suffix == ".json" else msgspec.msgpack.encode(message))
    assert recorded.items() <= kept.items()


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


def test_an_unknown_member_from_a_newer_neighbour_is_ignored():
    newer = msgspec.json.encode({"value": "day", "since": "tomorrow"})
    assert msgspec.json.decode(newer, type=KINDS["Quantum"]) == KINDS["Quantum"](value="day")
