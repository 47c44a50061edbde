"""The dataset configuration: the teams' JSON, whole in one file or as an index with one stub per dataset."""

import glob
import html
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

from ocean_common import dataset_uri
from ocean_core.errors import InvalidRequest
from ocean_core.expression import parse_expression
from ocean_metadata.index import databases
from ocean_metadata.index.spec import DatasetSpec, Reference, VariableSpec
from ocean_metadata.index.translations import OF_DATASETS, OF_VARIABLES, parted

_log = logging.getLogger(__name__)
_warned: set[str] = set()

INDEX = ".sqlite3"
_YES = {"true", "yes", "1"}


class ConfigurationError(Exception):
    """The configuration makes no sense: one line that names the file, and the line or the key."""


class FileConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with those of a dataset."""

    url: str
    drop_variables: list[str] | str = []
    variable: str | None = None  # ours: the one that is meant


class VariableConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a variable."""

    name: str | None = None
    units: str | None = None
    scale: tuple[float, float] | None = None
    source: str | None = None  # ours: its name in the files
    equation: str | None = None
    dims: list[str] | None = None
    hide: bool | str = False
    zero_centered: bool | str | None = None
    quantum: str | None = None
    interpolation: dict[str, Any] | None = None
    data_categories: list[str] | None = None
    east_vector_component: str | None = None
    north_vector_component: str | None = None
    bearing_component: str | None = None
    long_name: str | None = None
    valid_min: float | None = None
    valid_max: float | None = None


class DatasetConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a dataset."""

    url: str | list[str]
    enabled: bool | int | str = True
    geo_ref: FileConfig | None = None
    name: str | None = None
    help: str | None = None
    attribution: str | None = None
    type: str | None = None
    group: str | None = None
    subgroup: str | None = None
    quantum: str | None = None
    time_dim_units: str | None = None
    model_class: str | None = None
    lat_var_key: str | None = None
    lon_var_key: str | None = None
    grid_angle_file_url: str | None = None
    bathymetry_file_url: str | None = None
    depths: FileConfig | str | None = None  # ours: the depth of every cell, where the levels do not lie flat
    climatology: Any = None
    default_location: tuple[float, float, float] | None = None
    vector_variables: list[str] = []
    variables: dict[str, Any] | None = None


def load(file: Path, stubs: Path | None = None) -> list[DatasetSpec]:
    """Read a configuration, in the order of its keys."""
    found = []
    for key, value in _object(file).items():
        _check_key(file.name, key, "/")
        if isinstance(value, dict) and "url" in value:
            found.append(_dataset(file, key, value))
            continue
        stub = (stubs or file.parent) / f"{key}.json"
        whole = _object(
            stub, f"{file.name}: {key} has no url, and there is no {stub.name} in {stub.parent.name or '.'}/"
        )
        inner = whole.get(key, whole)
        if not isinstance(inner, dict):
            raise ConfigurationError(f"{stub.name}: {key}: expected an object")
        found.append(_dataset(stub, key, inner))
    return found


def _object(file: Path, missing: str | None = None) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(missing or f"{file}: there is no such file") from error
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        at = re.search(r"byte (\d+)", str(error))
        line = content[: int(at[1])].count(b"\n") + 1 if at else content.count(b"\n") + 1
        raise ConfigurationError(f"{file.name}, line {line}: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{file.name}: its objects are nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name}: it is not UTF-8") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file.name}: expected an object with one key per dataset")
    return found


def _check_key(where: str, key: str, parting: str) -> None:
    """Refuse a key under which nothing could be asked for: it is one part of an address."""
    if key in {"", ".", ".."} or set(key) & set(parting) or not key.isprintable():
        raise ConfigurationError(f"{where}: the key {key!r} cannot be part of an address; use letters, digits, _ and -")


def _dataset(file: Path, key: str, value: dict[str, Any]) -> DatasetSpec:
    english, translations = parted(value, OF_DATASETS)
    for told in translations.values():
        told.update({name: _plain(text) or text for name, text in told.items() if name == "attribution"})
    config = _convert(english, DatasetConfig, f"{file.name}: {key}")
    urls = [config.url] if isinstance(config.url, str) else config.url
    variables = None
    if config.variables is not None:
        variables = [_variable(file, key, name, one) for name, one in config.variables.items()]
    refused = None if urls else "its url is an empty list"
    indexes = [found for url in urls if url.endswith(INDEX) for found in _expanded(url, file.parent)]
    try:
        known = databases.read_all(indexes)
    except databases.NoIndex as error:
        known, refused = databases.Index(files=[], variables={}), str(error)
    paths = [path for path in _paths(urls, file.parent) if not path.endswith(INDEX)]
    return DatasetSpec(
        id=key,
        files=[] if refused else list(dict.fromkeys([*paths, *known.files])),
        told=known.variables,
        geo=_reference(config.geo_ref, file.parent),
        angle=_reference(config.grid_angle_file_url, file.parent),
        bathymetry=_reference(config.bathymetry_file_url, file.parent),
        depths=_reference(config.depths, file.parent),
        latitude=config.lat_var_key,
        longitude=config.lon_var_key,
        enabled=_truth(config.enabled),
        attribution=_plain(config.attribution),
        translations=translations,
        variables=variables or None,
        refused=refused,
        **{
            name: getattr(config, name)
            for name in (
                "name", "quantum", "help", "model_class", "group", "subgroup", "time_dim_units", "default_location",
                "vector_variables",
            )
        },
    )  # fmt: skip


def _reference(config: FileConfig | str | None, folder: Path) -> Reference | None:
    """A file that goes with others; an empty name is none."""
    told = FileConfig(url=config) if isinstance(config, str) else config
    if told is None or not told.url:
        return None
    dropped = [told.drop_variables] if isinstance(told.drop_variables, str) else told.drop_variables
    return Reference(path=_expanded(told.url, folder)[0], variable=told.variable, dropped=dropped)


def _variable(file: Path, dataset: str, key: str, value: object) -> VariableSpec:
    where = f"{file.name}: {dataset}.variables.{key}"
    _check_key(f"{file.name}: {dataset}.variables", key, "/,")
    english, translations = parted(value, OF_VARIABLES) if isinstance(value, dict) else (value, {})
    config = _convert(english, VariableConfig, where)
    if config.scale is not None and not config.scale[0] < config.scale[1]:
        raise ConfigurationError(f"{where}.scale: expected the lower limit, then the upper, got {list(config.scale)}")
    wrong = _wrong(config.equation)
    return VariableSpec(
        key=key,
        equation=None if wrong else config.equation or None,
        dims=config.dims,
        components=_components(config),
        source=config.source or key,
        name=config.name,
        units=config.units,
        scale=config.scale or _valid(config),
        long_name=config.long_name,
        zero_centered=None if config.zero_centered is None else _truth(config.zero_centered),
        hidden=_truth(config.hide),
        categories=config.data_categories or [],
        interpolation=config.interpolation,
        refused=wrong,
        translations=translations,
    )


def _components(config: VariableConfig) -> dict[Literal["east", "north", "bearing"], str]:
    east, north, bearing = config.east_vector_component, config.north_vector_component, config.bearing_component
    found: dict[Literal["east", "north", "bearing"], str | None] = {"east": east, "north": north, "bearing": bearing}
    return {role: name for role, name in found.items() if name}


def _valid(config: VariableConfig) -> tuple[float, float] | None:
    """The valid range of a calculated variable, for its colours."""
    low, high = config.valid_min, config.valid_max
    both = config.equation and low is not None and high is not None and low < high
    return (low, high) if both and low is not None and high is not None else None


def _wrong(equation: str | None) -> str | None:
    """Why an equation cannot be evaluated."""
    if not equation:
        return None
    try:
        parse_expression(equation)
    except InvalidRequest as error:
        return f"its equation is wrong: {error}"
    return None


def _convert(value: object, kind: type[Any], where: str) -> Any:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where}: expected an object")
    for name in value:
        if name not in kind.__struct_fields__ and f"{kind.__name__}.{name}" not in _warned:
            _warned.add(f"{kind.__name__}.{name}")
            _log.warning("%s: the key %r is not known and is ignored", where, name)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        raise ConfigurationError(f"{where}{path.rstrip('`')}: {text[:1].lower()}{text[1:]}") from error


def _paths(urls: Iterable[str], folder: Path) -> Iterable[str]:
    """Files by name or by pattern, each once; a name without a file stays, to be told as missing."""
    found: dict[str, None] = {}
    for url in urls:
        found.update(dict.fromkeys(_expanded(url, folder)))
    return found


def _expanded(url: str, folder: Path) -> list[str]:
    """A path or address; the files that a pattern fits to."""
    if dataset_uri.is_remote(url):
        return [url]
    mark = dataset_uri.ICECHUNK if url.startswith(dataset_uri.ICECHUNK) else ""
    path = str((folder / dataset_uri.local(url)).absolute())
    if not glob.has_magic(path):
        return [mark + path]
    # Path.glob takes no absolute patterns.
    return [mark + each for each in sorted(glob.glob(path, recursive=True))]  # noqa: PTH207


def _truth(value: bool | int | str) -> bool:
    return value.lower() in _YES if isinstance(value, str) else bool(value)


def _plain(text: str | None) -> str | None:
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip() if text else text
