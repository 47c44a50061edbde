"""The environment becomes one frozen Struct, once. A wrong value, and the service does not start."""

import difflib
import os
import re
import sys
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
# One address, or several instances: separated by commas, or numbered as in `http://data-{1..4}:8000`.
_ADDRESS = r"(https?://[^/\s,]+|unix:/[^,]+)"
Url = Annotated[str, msgspec.Meta(pattern=f"^{_ADDRESS}(,{_ADDRESS})*$")]
_NUMBERS = re.compile(r"\{(\d+)\.\.(\d+)\}")


class SettingsError(ValueError):
    """A variable of the environment has a value that makes no sense."""


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of every service. A subclass adds its own and names the prefix of its variables."""

    prefix: ClassVar[str]

    host: str = "127.0.0.1"
    port: Port = 8000
    socket: str | None = None  # path of a Unix socket to listen on as well as, or better than, a port
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    max_age: Annotated[int, msgspec.Meta(ge=0, le=86400)] = 60  # s that a browser keeps an answer


def split_addresses(url: str) -> list[str]:
    """Return the addresses of a `Url`, one for each instance of a service."""
    addresses = []
    for address in url.split(","):
        if numbers := _NUMBERS.search(address):
            first, last = sorted(map(int, numbers.groups()))
            before, after = address[: numbers.start()], address[numbers.end() :]
            addresses += [f"{before}{number}{after}" for number in range(first, last + 1)]
        else:
            addresses.append(address)
    return [address.rstrip("/") for address in dict.fromkeys(addresses)]


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load_or_exit(kind: type[SettingsT]) -> SettingsT:
    """Read ``kind`` from the environment; end the process with a message where a variable is wrong."""
    try:
        return load(kind, os.environ)
    except SettingsError as error:
        sys.exit(f"settings: {error}")


def load(kind: type[SettingsT], environ: Mapping[str, str]) -> SettingsT:
    """Read ``kind`` from the variables that begin with its prefix.

    SettingsError: a value is wrong, or a variable with the prefix is not a setting: a misspelt one would go unnoticed.
    """
    variables = {key: value for key, value in environ.items() if key.startswith(kind.prefix)}
    names = {kind.prefix + name.upper(): name for name in kind.__struct_fields__}
    for key in variables:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            raise SettingsError(f"{key} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    try:
        return msgspec.convert({names[key]: value for key, value in variables.items()}, kind, strict=False)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        raise SettingsError(f"{kind.prefix}{name.upper()}: {text}" if name else text) from error
