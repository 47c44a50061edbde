"""Messages: templates with named values, translated as a whole and within each other."""

import pickle

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocean_common.i18n import Translator
from ocean_core.errors import DatasetNotFound, InvalidRequest, Message, join_messages

FRENCH = Translator(
    "fr",
    {
        "there is no dataset {dataset!r}; see /datasets": "il n'y a pas de jeu de données {dataset} ; voir /datasets",
        "ask for fewer {subject}": "demandez moins de {subject}",
        "time steps": "pas de temps",
        "{share:.1f} % of {subject}": "{share} % des {subject}",
        'write {"a": 1}': 'écrivez {"a": 1}',
    },
    {},
)


def test_an_error_keeps_its_template_and_values():
    error = DatasetNotFound("there is no dataset {dataset!r}; see /datasets", dataset="x", field="dataset")
    assert str(error) == "there is no dataset 'x'; see /datasets"
    assert (error.message.template, error.message.values) == (
        "there is no dataset {dataset!r}; see /datasets",
        {"dataset": "x"},
    )
    assert FRENCH(error.message) == "il n'y a pas de jeu de données 'x' ; voir /datasets"


def test_a_message_within_a_message_is_translated_with_it():
    message = Message("ask for fewer {subject}", subject=Message("time steps"))
    assert str(message) == "ask for fewer time steps"
    assert FRENCH(message) == "demandez moins de pas de temps"
    assert (
        FRENCH(join_messages("; {or} ", [message, "time steps"])) == "demandez moins de pas de temps; {or} pas de temps"
    )


def test_numbers_are_written_as_the_english_template_says():
    assert FRENCH(Message("{share:.1f} % of {subject}", share=np.float32(12.34), subject="x")) == "12.3 % des x"
    assert str(Message("{a} {b} {c}", a=np.float32(0.1), b=np.int64(3), c=True)) == "0.1 3 True"


def test_a_text_without_values_is_taken_as_it_is():
    assert str(InvalidRequest('write {"a": 1}')) == 'write {"a": 1}'
    assert FRENCH('write {"a": 1}') == 'écrivez {"a": 1}'
    assert FRENCH("{nobody} knows this") == "{nobody} knows this"


def test_a_value_that_is_missing_is_noticed_at_once():
    with pytest.raises(KeyError, match="dataset"):
        DatasetNotFound("there is no dataset {dataset!r} like {name!r}", name="x")


@given(st.text(max_size=60))
def test_nothing_in_a_value_is_read_as_a_field(value):
    assert FRENCH(Message("ask for fewer {subject}", subject=value)).startswith("demandez moins de ")
    assert str(Message("{a}{b}", a=value, b="{a}")) == value + "{a}"


def test_messages_are_stored_and_sent():
    message = Message("ask for {count} {subject}", count=3, subject=Message("time steps"))
    for codec in (msgspec.json, msgspec.msgpack):
        assert codec.decode(codec.encode(message), type=Message) == message
    error = pickle.loads(pickle.dumps(InvalidRequest("ask for {count}", count=3, field="x", allowed=["y"])))
    assert (str(error), error.field, error.allowed, error.message.values) == ("ask for 3", "x", ("y",), {"count": 3})
