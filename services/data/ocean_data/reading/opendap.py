"""Data on OPeNDAP servers, asked for over HTTP with a limit on time.

Not through the NetCDF library: its client can wait for ever, holds the lock that all other files need, and ends the
process at a description that it cannot parse.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from ocean_common.dataset_uri import text_stamp
from ocean_core.cache import ByteBoundedCache, TTLCache
from ocean_core.errors import Message
from ocean_data.reading.files import State, StoredFile, StoredVariable, unreadable
from ocean_data.reading.objects import AGAIN

# The type of a number, and how it is sent: bytes are packed, 16-bit integers take 32 bits.
SENT = {
    "int8": ("i1", "i1"),
    "byte": ("u1", "u1"),
    "int16": ("i2", ">i4"),
    "uint16": ("u2", ">u4"),
    "int32": ("i4", ">i4"),
    "uint32": ("u4", ">u4"),
    "float32": ("f4", ">f4"),
    "float64": ("f8", ">f8"),
}
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}\[\];=:,])|([^\s{}\[\];=:,"]+)')
_DATA = re.compile(rb"\r?\nData:\r?\n")
_CUT = "the description ends early"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A variable as it is declared."""

    name: str
    kind: str  # a key of SENT, or one that is not read
    dimensions: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    in_grid: bool = False  # with its maps: it is asked for by itself
    attributes: dict[str, Any] = field(default_factory=dict)


def parse_declarations(dds: str) -> dict[str, Declared]:
    """Read the variables of a dataset from its description."""
    tokens = _tokens(dds)
    if next(tokens, "").lower() != "dataset" or next(tokens, "") != "{":
        raise ValueError("this is no description of a dataset")
    return {declaration.name: declaration for declaration in _declarations(tokens)}


def parse_attributes(das: str) -> dict[str, dict[str, Any]]:
    """Read the attributes of each variable: numbers in their own types, or text."""
    tokens = _tokens(das)
    if next(tokens, "").lower() != "attributes" or next(tokens, "") != "{":
        raise ValueError("this is no list of attributes")
    attributes: dict[str, dict[str, Any]] = {}
    _containers(tokens, attributes, ())
    return attributes


def _numbers(body: bytes, variable: Declared, shape: tuple[int, ...]) -> NDArray[Any]:
    """The numbers in an answer that has one variable of this shape."""
    mark = _DATA.search(body)
    if mark is None:
        raise ValueError("the answer has no data")
    kind, sent = (np.dtype(dtype) for dtype in SENT[variable.kind])
    count, start = math.prod(shape), mark.end()
    if shape:  # the count stands before them, twice
        announced = np.frombuffer(body, ">u4", 2, start)
        if announced.tolist() != [count, count]:
            raise ValueError("the answer is of another size")
        start += 8
    if len(body) - start < count * sent.itemsize:
        raise ValueError("the answer is cut short")
    return np.frombuffer(body, sent, count, start).astype(kind).reshape(shape)


def _tokens(text: str) -> Iterator[str]:
    """Words and signs; what stands in quotes begins with one."""
    for quoted, sign, word in _TOKEN.findall(text):
        yield sign or word or '"' + re.sub(r"\\(.)", r"\1", quoted)


def _next(tokens: Iterator[str]) -> str:
    for token in tokens:
        return token
    raise ValueError(_CUT)


def _declarations(tokens: Iterator[str]) -> Iterator[Declared]:
    """Up to the end of the braces: of structures and sequences nothing; of grids the array, whose maps stand apart."""
    while (kind := _next(tokens).lower()) != "}":
        if kind in {"array", "maps"}:  # of a grid: the array comes first
            _next(tokens)  # :
        elif kind in {"structure", "sequence", "grid"}:
            _next(tokens)  # {
            parts = list(_declarations(tokens))
            while _next(tokens) != ";":  # its name
                pass
            if kind == "grid":
                yield from (replace(part, in_grid=True) for part in parts[:1])
        else:
            yield _array(tokens, kind)


def _array(tokens: Iterator[str], kind: str) -> Declared:
    name, dimensions, shape = _next(tokens), [], []
    while (sign := _next(tokens)) != ";":
        if sign != "[":
            raise ValueError(_CUT)
        first, sign = _next(tokens), _next(tokens)
        dimensions.append(first if sign == "=" else "")
        shape.append(int(_next(tokens) if sign == "=" else first))
        if sign == "=":
            _next(tokens)  # ]
    return Declared(name=name, kind=kind, dimensions=tuple(dimensions), shape=tuple(shape))


def _containers(tokens: Iterator[str], attributes: dict[str, dict[str, Any]], within: tuple[str, ...]) -> None:
    while (token := _next(tokens)) != "}":
        following = _next(tokens)
        if following == "{":
            _containers(tokens, attributes, (*within, token))
            continue
        values = []
        while (value := _next(tokens)) != ";":
            if value != ",":
                values.append(value)
        # Attributes of the array of a grid may stand in a container of their own within the grid's.
        if within:
            attributes.setdefault(within[-1], {})[following] = _value(token.lower(), values)


def _value(kind: str, values: list[str]) -> Any:
    if kind not in SENT:
        return " ".join(value.removeprefix('"') for value in values)
    dtype = np.dtype(SENT[kind][0])
    if dtype.kind == "f":
        return np.array([float(value) for value in values], np.float64).astype(dtype)
    # A signed byte is told as a negative one; some servers write large numbers as 1.67772e+07.
    return np.array([int(float(value)) for value in values], np.int64).astype(dtype)


RECENT = 2.0  # s that a state is taken for the state now
CONNECT = 3.0  # s


class OPeNDAP:
    """Any server."""

    def __init__(self, limit: int, timeout: float) -> None:
        self._timeout = httpx.Timeout(timeout, connect=min(CONNECT, timeout))
        self._states: TTLCache[tuple[State, str]] = TTLCache(RECENT)
        self._described: ByteBoundedCache[dict[str, Declared]] = ByteBoundedCache(limit, lambda _: 1)

    @cached_property
    def _http(self) -> httpx.Client:
        """Client made at the first request: to read the certificates takes longer than to open a file."""
        return httpx.Client(timeout=self._timeout, follow_redirects=True)

    def state(self, path: str) -> State:
        return self._states.get(path, lambda: self._ask(path))[0]

    def _ask(self, path: str) -> tuple[State, str]:
        """The protocol has no versions: another description, and it is another file."""
        answer = self._get(path, ".dds")
        mark = (text_stamp(answer.text)[1], answer.headers.get("last-modified"))
        return State(path, 0, 0, mark), answer.text

    @contextmanager
    def open_file(self, state: State) -> Iterator[StoredFile]:
        described = self._described.get(state, lambda: self._describe(state))
        yield StoredFile(
            find=lambda name: self._variable(described[name], state.path),
            names=lambda: [name for name, declared in described.items() if declared.kind in SENT],
            attributes=lambda name: described[name].attributes if name is not None else {},
        )

    def _describe(self, state: State) -> dict[str, Declared]:
        now, text = self._states.get(state.path, lambda: self._ask(state.path))
        if now != state:
            raise OSError("it was replaced")
        attributes = parse_attributes(self._get(state.path, ".das").text)
        variables = {}
        for name, declared in parse_declarations(text).items():
            own = attributes.get(name, {})
            # DAP 2.0 has no signed bytes; servers that have some say so in an attribute.
            signed = declared.kind == "byte" and str(own.get("_Unsigned", "")).lower() == "false"
            variables[name] = replace(declared, kind="int8" if signed else declared.kind, attributes=own)
        return variables

    def _variable(self, declared: Declared, path: str) -> StoredVariable:
        if declared.kind not in SENT:
            raise unreadable(path, Message("{name} is not made of numbers", name=declared.name))
        return StoredVariable(
            dimensions=declared.dimensions,
            shape=declared.shape,
            dtype=np.dtype(SENT[declared.kind][0]),
            attributes=declared.attributes,
            chunks=(*(1 for _ in declared.shape[:-2]), *declared.shape[-2:]),  # how it is stored is not told: a level
            read=lambda index: self._read(path, declared, index),
        )

    def _read(self, path: str, variable: Declared, index: tuple[slice, ...]) -> NDArray[Any]:
        shape = tuple(part.stop - part.start for part in index)
        if 0 in shape:
            return np.empty(shape, SENT[variable.kind][0])
        name = f"{variable.name}.{variable.name}" if variable.in_grid else variable.name
        answer = self._get(path, ".dods", name + "".join(f"[{part.start}:1:{part.stop - 1}]" for part in index))
        try:
            return _numbers(answer.content, variable, shape)
        except ValueError:
            self._states.forget(path)  # it may be that it was replaced
            raise

    def close(self) -> None:
        if "_http" in vars(self):
            self._http.close()

    def _get(self, path: str, what: str, query: str = "") -> httpx.Response:
        address = httpx.URL(path.replace("dods://", "http://", 1))
        url = address.copy_with(path=address.path + what, query=query.encode() or None)
        try:
            answer = self._http.get(url)
        except httpx.HTTPError as error:
            raise unreadable(path, Message("the OPeNDAP server does not answer"), retry_after=AGAIN) from error
        if not answer.is_success:
            reason = Message("the OPeNDAP server answers {status}", status=answer.status_code)
            raise unreadable(path, reason, retry_after=AGAIN)
        return answer
