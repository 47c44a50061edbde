"""The language of calculated variables: what may be written, what it is made of, and which functions there are.

::

    sum      product (("+" | "-") product)*
    product  power (("*" | "/") power)*
    power    negated ("^" negated)*
    negated  "-" negated | atom
    atom     number | name | "[" name "]" | function "(" sum ("," sum)* ")" | "(" sum ")"

Operators of one rank are taken from the left, ``^`` too, and the sign binds tightest: ``2^3^2`` is 64 and ``-2^2`` is
4, as it always was for these equations. ``pi`` and ``e`` are numbers, but begin names like any letters; ``a-b`` is a
difference, and a name with a hyphen is quoted: ``'sea-ice'``. ``[name]`` is the variable over its whole depth axis.

Values are not known here: whoever has arrays evaluates the tree.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from ocean_common.errors import InvalidRequest
from ocean_common.functions import FUNCTIONS, Function
from ocean_core.messages import Message

MAX_CHARACTERS, MAX_NODES, MAX_NESTING = 2000, 200, 64
CONSTANTS = {"pi": math.pi, "e": math.e}
RANKS = ({"+", "-"}, {"*", "/"}, {"^"})
SIGN, ATOM = len(RANKS), len(RANKS) + 1  # how tightly the rest binds


@dataclass(frozen=True)
class Number:
    """A number, or one of the constants."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:.0f}" if self.value.is_integer() and self.value < 1e15 else repr(self.value)


@dataclass(frozen=True)
class Name:
    """A variable or coordinate; with `column`, over its whole depth axis."""

    name: str
    column: bool = False

    def __str__(self) -> str:
        plain = PLAIN.fullmatch(self.name) and (self.column or self.name not in CONSTANTS)
        quote = "`" if "'" in self.name else "'"
        name = self.name if plain else f"{quote}{self.name}{quote}"
        return f"[{name}]" if self.column else name


@dataclass(frozen=True)
class Negative:
    """The same with the other sign."""

    operand: "Node"

    def __str__(self) -> str:
        return "-" + _within(self.operand, SIGN)


@dataclass(frozen=True)
class Binary:
    """Two operands with an operator between them."""

    operator: str
    left: "Node"
    right: "Node"

    def __str__(self) -> str:
        rank = _rank(self)
        return f"{_within(self.left, rank)} {self.operator} {_within(self.right, rank + 1)}"


@dataclass(frozen=True)
class Call:
    """A function of arguments."""

    function: str
    arguments: "tuple[Node, ...]"

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Node = Number | Name | Negative | Binary | Call


@dataclass(frozen=True, kw_only=True)
class Expression:
    """What was written, as a tree."""

    text: str
    root: Node

    @property
    def names(self) -> tuple[str, ...]:
        """The variables and coordinates it needs: each once, as they come."""
        return tuple(dict.fromkeys(node.name for node in walk(self.root) if isinstance(node, Name)))


PLAIN = re.compile(r"[^\W\d]\w*")
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<column>\[\s*(?:'[^'\n]+'|`[^`\n]+`|[^\W\d][\w-]*)\s*\])
    | (?P<quoted>'[^'\n]+'|`[^`\n]+`)
    | (?P<name>[^\W\d]\w*)
    | (?P<mark>[-+*/^(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, from left to right."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> tuple[Node, ...]:
    """What a node is made from."""
    if isinstance(node, Binary):
        return node.left, node.right
    if isinstance(node, Call):
        return node.arguments
    return (node.operand,) if isinstance(node, Negative) else ()


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Read an expression, or InvalidRequest with the position of what is wrong, counted from 1."""
    if len(text) > MAX_CHARACTERS:
        raise wrong(
            Message(
                "an expression has at most {max_characters} characters; this one has {text_count}",
                max_characters=MAX_CHARACTERS,
                text_count=len(text),
            )
        )
    return Expression(text=text, root=_Parser(text).whole())


def wrong(message: str | Message, allowed: tuple[str, ...] = ()) -> InvalidRequest:
    """What is wrong with an expression."""
    return InvalidRequest(message, field="expression", allowed=allowed)


def _rank(node: Node) -> int:
    if isinstance(node, Binary):
        return next(rank for rank, operators in enumerate(RANKS) if node.operator in operators)
    return SIGN if isinstance(node, Negative) else ATOM


def _within(node: Node, rank: int) -> str:
    return str(node) if _rank(node) >= rank else f"({node})"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int  # from 1

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"{self.text!r} at position {self.position}"


class _Parser:
    """Goes through an expression once, from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._nodes = 0
        self._nesting = 0

    def whole(self) -> Node:
        root = self._binary(0)
        if self._next.kind != "end":
            self._refuse(Message("an operator (+ - * / ^)"))
        return root

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        if self._take_mark(mark):
            return
        self._refuse(Message("{mark!r} or an operator", mark=mark))

    def _take_mark(self, mark: str) -> bool:
        found = self._next.kind == "mark" and self._next.text == mark
        self._at += found
        return found

    def _refuse(self, wanted: Message) -> NoReturn:
        raise wrong(Message("expected {required} instead of {token}", required=wanted, token=self._next))

    def _made(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise wrong(
                Message("an expression has at most {max_nodes} operands, operators and functions", max_nodes=MAX_NODES)
            )
        return node

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise wrong(
                Message(
                    "an expression nests at most {max_nesting} deep; see position {position}",
                    max_nesting=MAX_NESTING,
                    position=self._next.position,
                )
            )

    def _binary(self, rank: int) -> Node:
        if rank == len(RANKS):
            return self._negated()
        left = self._binary(rank + 1)
        while self._next.kind == "mark" and self._next.text in RANKS[rank]:
            operator = self._take().text
            left = self._made(Binary(operator, left, self._binary(rank + 1)))
        return left

    def _negated(self) -> Node:
        if not self._take_mark("-"):
            return self._atom()
        self._deeper()
        node = self._made(Negative(self._negated()))
        self._nesting -= 1
        return node

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "mark" and token.text == "(":
            self._at += 1
            self._deeper()
            inside = self._binary(0)
            self._nesting -= 1
            self._expect(")")
            return inside
        if token.kind in {"end", "mark"}:
            self._refuse(Message("a number, a name, a function or '('"))
        self._at += 1
        if token.kind == "number":
            return self._made(Number(_finite(token)))
        if token.kind == "column":
            return self._made(Name(token.text[1:-1].strip().strip("'`"), column=True))
        if token.kind == "quoted":
            return self._made(Name(token.text[1:-1]))
        if self._take_mark("("):
            return self._call(token)
        constant = CONSTANTS.get(token.text)
        return self._made(Name(token.text) if constant is None else Number(constant))

    def _call(self, named: _Token) -> Node:
        function = FUNCTIONS.get(named.text)
        if function is None:
            raise wrong(
                Message(
                    "there is no function {name}; there are {functions}", name=named, functions=", ".join(FUNCTIONS)
                ),
                tuple(FUNCTIONS),
            )
        self._deeper()
        arguments = [self._binary(0)]
        while self._take_mark(","):
            arguments.append(self._binary(0))
        self._nesting -= 1
        self._expect(")")
        if not function.takes(len(arguments)):
            raise wrong(
                Message(
                    "{name} takes ({signature}), and {arguments_count} are given",
                    name=named,
                    signature=_signature(function),
                    arguments_count=len(arguments),
                )
            )
        return self._made(Call(named.text, tuple(arguments)))


def _signature(function: Function) -> str:
    names = [name if place < function.least else f"{name}?" for place, name in enumerate(function.arguments)]
    return ", ".join(names + ["..."] * function.more)


def _finite(token: _Token) -> float:
    value = float(token.text)
    if math.isinf(value):
        raise wrong(Message("the number {token} is too large", token=token))
    return value


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise wrong(
                Message(
                    "{text!r} at position {position} means nothing here; an expression has numbers, names, + - * / ^, "
                    "parentheses, functions, [name], and names in quotes",
                    text=text[at],
                    position=at + 1,
                )
            )
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1)
        if found.lastgroup == "end":
            return
        at = found.end()
