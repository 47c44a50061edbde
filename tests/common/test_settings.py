from typing import ClassVar

import pytest
from tests.looping import loop_over

from ocean_common.settings import Positive, ServiceSettings, SettingsError, Url, load, split_addresses


class Settings(ServiceSettings, frozen=True, kw_only=True):
    prefix: ClassVar[str] = "SHIP_"
    crew: Positive = 3
    harbour_url: Url = "http://127.0.0.1:1"


def test_the_environment_is_read_and_other_variables_are_left_alone():
    settings = load(Settings, {"SHIP_CREW": "7", "SHIP_PORT": "81", "PATH": "/bin", "SHIPYARD": "x"})
    assert (settings.crew, settings.port, settings.harbour_url) == (7, 81, "http://127.0.0.1:1")


@loop_over(
    ("environ", "text"),
    [
        ({"SHIP_CREW": "0"}, "SHIP_CREW: Expected `int` >= 1"),
        ({"SHIP_CREW": "many"}, "SHIP_CREW: Expected `int`"),
        ({"SHIP_PORT": "70000"}, "SHIP_PORT: Expected `int` <= 65535"),
        ({"SHIP_HARBOUR_URL": "nonsense"}, "SHIP_HARBOUR_URL: Expected"),
        ({"SHIP_LOG_LEVEL": "loud"}, "SHIP_LOG_LEVEL: Invalid enum value"),
        ({"SHIP_CRWE": "7"}, "SHIP_CRWE is not a setting; did you mean SHIP_CREW?"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_variable(environ, text):
    with pytest.raises(SettingsError) as refused:
        load(Settings, environ)
    assert text in str(refused.value)


@loop_over(
    ("url", "addresses"),
    [
        ("http://data:8000", ["http://data:8000"]),
        ("http://a:1,http://b:2", ["http://a:1", "http://b:2"]),
        ("http://ocean-data-{1..3}:8000", [f"http://ocean-data-{number}:8000" for number in (1, 2, 3)]),
        ("http://a:{8000..8001},unix:/run/b", ["http://a:8000", "http://a:8001", "unix:/run/b"]),
        ("http://a-{1..1}:80,http://a-1:80", ["http://a-1:80"]),
    ],
)
def test_an_address_may_be_those_of_several_instances(url, addresses):
    assert split_addresses(load(Settings, {"SHIP_HARBOUR_URL": url}).harbour_url) == addresses


@loop_over("url", ["http://a:1,", ",http://a:1", "http://a:1,b:2", "http://a:1 ,http://b:2"])
def test_an_address_that_is_none_is_refused_among_others(url):
    with pytest.raises(SettingsError, match="SHIP_HARBOUR_URL"):
        load(Settings, {"SHIP_HARBOUR_URL": url})
