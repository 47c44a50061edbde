"""Dataset configuration: JSON of Ocean Navigator teams, in one file or as an index with one stub for each dataset.

Index databases, which teams have as well, are SQLite files that name the data files of a dataset, their variables and
times. The data files are read all the same; the database gives what they lack.
"""

import glob
import html
import logging
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ocean_common import dataset_uri
from ocean_common.i18n import LANGUAGES, SOURCE
from ocean_core.errors import InvalidRequest, Message, MessageError
from ocean_core.expression import parse_expression
from ocean_metadata.catalogue.model import DatasetDescription, Translations, copy_fields
from ocean_metadata.index.model import DatasetSpec, Reference, VariableSpec

_log = logging.getLogger(__name__)
_warnings: set[str] = set()  # unknown keys that were logged

INDEX_SUFFIX = ".sqlite3"
DATASET_TEXTS = ("name", "help", "attribution", "group", "subgroup")
VARIABLE_TEXTS = ("name", "long_name", "data_categories")
_TRUE = {"true", "yes", "1"}
# Written by the indexing tool if a file has no limits: the smallest and largest numbers of 32 bits.
_NO_MINIMUM, _NO_MAXIMUM = 1.17549e-38, 3.40282e38


class ConfigurationError(Exception):
    """Invalid configuration: one line that names the file, and the line or the key."""


class InvalidIndex(MessageError):
    """File that is not an index database."""


class VariableConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of a variable."""

    name: str | None = None
    units: str | None = None
    convert: bool | str = False  # extension: the values of the files, to `units`
    scale: tuple[float, float] | None = None
    source: str | None = None  # extension: name in the files
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


class DatasetConfig(DatasetDescription, frozen=True, kw_only=True):
    """Keys of a dataset."""

    url: str | list[str]
    enabled: bool | int | str = True
    geo_ref: Reference | None = None
    name: str | None = None
    type: str | None = None
    lat_var_key: str | None = None
    lon_var_key: str | None = None
    grid_angle_file_url: str | None = None
    bathymetry_file_url: str | None = None
    depths: Reference | str | None = None  # extension: depth of every cell, where levels are not horizontal
    climatology: Any = None
    vector_variables: list[str] = msgspec.field(default_factory=list)
    variables: dict[str, Any] | None = None


class IndexContent(NamedTuple):
    """Content of index databases."""

    files: list[str]
    variables: dict[str, dict[str, Any]]  # attributes by name


def load_configuration(file: Path, stubs: Path | None = None) -> list[DatasetSpec]:
    """Load a configuration, in the order of its keys; ConfigurationError if a file is missing or invalid."""
    specs = []
    for key, value in _read_object(file).items():
        _check_key(file.name, key, "/")
        if isinstance(value, dict) and "url" in value:
            specs.append(_make_dataset(file, key, value))
            continue
        stub = (stubs or file.parent) / f"{key}.json"
        content = _read_object(
            stub, f"{file.name}: {key} has no url, and {stub.name} does not exist in {stub.parent.name or '.'}/"
        )
        inner = content.get(key, content)
        if not isinstance(inner, dict):
            raise ConfigurationError(f"{stub.name}: {key}: expected an object")
        specs.append(_make_dataset(stub, key, inner))
    return specs


def _read_object(file: Path, missing: str | None = None) -> dict[str, Any]:
    try:
        content = file.read_bytes()
        value = msgspec.json.decode(content)
    except FileNotFoundError as error:
        raise ConfigurationError(missing or f"{file}: file not found") from error
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        position = re.search(r"byte (\d+)", str(error))
        line = content[: int(position[1]) if position else None].count(b"\n") + 1
        raise ConfigurationError(f"{file.name}, line {line}: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{file.name}: its objects are nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name}: it is not UTF-8") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{file.name}: expected an object with one key per dataset")
    return value


def _check_key(location: str, key: str, separators: str) -> None:
    if key in {"", ".", ".."} or set(key) & set(separators) or not key.isprintable():
        raise ConfigurationError(
            f"{location}: the key {key!r} cannot be part of an address; use letters, digits, _ and -"
        )


def _make_dataset(file: Path, key: str, value: dict[str, Any]) -> DatasetSpec:
    english, translations = split_languages(value, DATASET_TEXTS)
    for texts in translations.values():
        if "attribution" in texts:
            texts["attribution"] = _strip_tags(texts["attribution"]) or texts["attribution"]
    config = _convert(english, DatasetConfig, f"{file.name}: {key}")
    urls = [config.url] if isinstance(config.url, str) else config.url
    error = None if urls else Message("its url is an empty list")
    indexes = [path for url in urls if url.endswith(INDEX_SUFFIX) for path in _expand_url(url, file.parent)]
    paths = [path for url in urls for path in _expand_url(url, file.parent) if not path.endswith(INDEX_SUFFIX)]
    try:
        index = read_indexes(indexes)
    except InvalidIndex as invalid:
        index, error = IndexContent([], {}), invalid.message
    return copy_fields(
        config,
        DatasetSpec,
        id=key,
        files=[] if error else list(dict.fromkeys([*paths, *index.files])),
        attributes=index.variables,
        geo=_make_reference(config.geo_ref, file.parent),
        angle=_make_reference(config.grid_angle_file_url, file.parent),
        bathymetry=_make_reference(config.bathymetry_file_url, file.parent),
        depths=_make_reference(config.depths, file.parent),
        latitude=config.lat_var_key,
        longitude=config.lon_var_key,
        enabled=_is_true(config.enabled),
        attribution=_strip_tags(config.attribution),
        translations=translations,
        variables=[_make_variable(file, key, name, value) for name, value in (config.variables or {}).items()] or None,
        error=error,
    )


def _make_reference(config: Reference | str | None, folder: Path) -> Reference | None:
    """Make an auxiliary file; None for an empty name."""
    file = Reference(path=config) if isinstance(config, str) else config
    if file is None or not file.path:
        return None
    dropped = [file.dropped] if isinstance(file.dropped, str) else file.dropped
    return msgspec.structs.replace(file, path=_expand_url(file.path, folder)[0], dropped=dropped)


def _make_variable(file: Path, dataset: str, key: str, value: object) -> VariableSpec:
    location = f"{file.name}: {dataset}.variables.{key}"
    _check_key(f"{file.name}: {dataset}.variables", key, "/,")
    english, translations = split_languages(value, VARIABLE_TEXTS) if isinstance(value, dict) else (value, {})
    config = _convert(english, VariableConfig, location)
    if config.scale is not None and not config.scale[0] < config.scale[1]:
        raise ConfigurationError(
            f"{location}.scale: expected the lower limit, then the upper, got {list(config.scale)}"
        )
    categories = config.data_categories or []
    for texts in translations.values():  # each category by its English
        texts |= dict(zip(categories, texts.pop("data_categories", ()), strict=False))
    error = None
    try:
        if config.equation:
            parse_expression(config.equation)
    except InvalidRequest as invalid:
        error = Message("its equation is invalid: {error}", error=invalid.message)
    scale, low, high = config.scale, config.valid_min, config.valid_max
    if scale is None and config.equation and low is not None and high is not None and low < high:
        scale = (low, high)
    names = config.east_vector_component, config.north_vector_component, config.bearing_component
    return copy_fields(
        config,
        VariableSpec,
        key=key,
        equation=None if error else config.equation or None,
        components={role: name for role, name in zip(("east", "north", "bearing"), names, strict=True) if name},
        source=config.source or key,
        scale=scale,
        zero_centered=None if config.zero_centered is None else _is_true(config.zero_centered),
        hidden=_is_true(config.hide),
        convert=_is_true(config.convert),
        categories=categories,
        error=error,
        translations=translations,
    )


def _convert(value: object, kind: type[Any], location: str) -> Any:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{location}: expected an object")
    for name in value:
        if name not in kind.__struct_fields__ and f"{kind.__name__}.{name}" not in _warnings:
            _warnings.add(f"{kind.__name__}.{name}")
            _log.warning("%s: unknown key %r, ignored", location, name)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        raise ConfigurationError(f"{location}{path.rstrip('`')}: {text[:1].lower()}{text[1:]}") from error


def _expand_url(url: str, folder: Path) -> list[str]:
    """Return a path or address, or the files that match a pattern; a name without a file stays, to be reported."""
    if dataset_uri.is_remote(url):
        return [url]
    prefix = dataset_uri.ICECHUNK if url.startswith(dataset_uri.ICECHUNK) else ""
    path = str((folder / dataset_uri.local(url)).absolute())
    if not glob.has_magic(path):
        return [prefix + path]
    # Path.glob takes no absolute patterns.
    return [prefix + match for match in sorted(glob.glob(path, recursive=True))]  # noqa: PTH207


def _is_true(value: bool | int | str) -> bool:
    return value.lower() in _TRUE if isinstance(value, str) else bool(value)


def _strip_tags(text: str | None) -> str | None:
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip() if text else text


def split_languages(config: Mapping[str, Any], keys: Iterable[str]) -> tuple[dict[str, Any], Translations]:
    """Split a configuration into its English texts and the texts in other languages.

    Texts are `{"name": {"en": …, "fr": …}}`, or `name` and `name_fr`. Without an English text the English
    configuration has the text of another language.
    """
    english = dict(config)
    translations: dict[str, dict[str, Any]] = {}
    for key in keys:
        value = english.get(key)
        texts = dict(value) if isinstance(value, dict) else {}
        for language in LANGUAGES:
            if isinstance(text := english.pop(f"{key}_{language}", None), str | list):
                texts[language] = text
        if isinstance(value, str | list):
            texts[SOURCE] = value
        texts = {language: text for language, text in texts.items() if language in LANGUAGES and text}
        if texts:
            english[key] = texts.get(SOURCE) or next(iter(texts.values()))
        for language, text in texts.items():
            if language != SOURCE and isinstance(text, str | list):
                translations.setdefault(language, {})[key] = text
    return english, translations


# Index databases


def read_indexes(paths: Sequence[str]) -> IndexContent:
    """Read index databases; raise InvalidIndex if a file is not one."""
    files: list[str] = []
    variables: dict[str, dict[str, Any]] = {}
    for path in paths:
        try:
            status = Path(path).stat()
        except OSError as error:
            raise InvalidIndex("{name} cannot be read: {error}", name=Path(path).name, error=error.strerror) from error
        content = _read_index(path, status.st_size, status.st_mtime_ns)
        files += content.files
        variables |= content.variables
    return IndexContent(files, variables)


@lru_cache(64)
def _read_index(path: str, _size: int, _mtime_ns: int) -> IndexContent:
    """Read a database, again when it changes; it is opened read-only, without a journal."""
    address = f"{Path(path).as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as database:
            files = [str(name) for (name,) in database.execute("SELECT filepath FROM Filepaths ORDER BY id")]
            rows = database.execute("SELECT variable, units, longName, validMin, validMax FROM Variables").fetchall()
    except sqlite3.Error as error:
        raise InvalidIndex("{name} is not an index database: {error}", name=Path(path).name, error=error) from error
    folder = Path(path).parent
    return IndexContent(
        [file if dataset_uri.is_remote(file) else str((folder / dataset_uri.local(file)).absolute()) for file in files],
        {str(name): _make_attributes(*columns) for name, *columns in rows},
    )


def _make_attributes(units: object, long_name: object, low: object, high: object) -> dict[str, Any]:
    texts = {"units": units, "long_name": long_name}
    attributes: dict[str, Any] = {name: text for name, text in texts.items() if isinstance(text, str) and text}
    if isinstance(low, float | int) and low != _NO_MINIMUM and isinstance(high, float | int) and high < _NO_MAXIMUM:
        attributes |= {"valid_min": low, "valid_max": high}
    return attributes
