"""The expression language of calculated variables: grammar, syntax tree, functions and coordinates.

Operators of one rank are left-associative, ``^`` too, and the sign binds tightest: ``2^3^2`` is 64 and ``-2^2`` is 4,
as it always was for these equations. ``pi`` and ``e`` are numbers, but begin names like any letters; ``a-b`` is a
difference, and a name with a hyphen is quoted: ``'sea-ice'``. ``[name]`` is the variable over its whole depth axis.

The tree holds no values: the data service evaluates it on arrays.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Literal

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from ocean_core.errors import InvalidRequest
from ocean_core.messages import Message

MAX_CHARACTERS, MAX_NODES, MAX_NESTING = 2000, 200, 64
CONSTANTS = {"pi": math.pi, "e": math.e}
_OPERAND_ENDS = {"NUMBER", "NAME", "QUOTED", "COLUMN", "RPAR"}

Coordinate = Literal["depth", "latitude", "longitude"]
COORDINATE_NAMES: dict[Coordinate, set[str]] = {
    "depth": {"depth", "deptht", "depthu", "depthv", "depthw", "lev", "z"},
    "latitude": {"latitude", "lat", "nav_lat"},
    "longitude": {"longitude", "lon", "nav_lon"},
}

GRAMMAR = r"""
    ?start: sum
    ?sum: product | sum (PLUS | MINUS) product -> binary
    ?product: power | product (STAR | SLASH) power -> binary
    ?power: signed | power CARET signed -> binary
    ?signed: atom | MINUS signed -> negative
    ?atom: NUMBER -> number
        | NAME -> name
        | QUOTED -> quoted
        | COLUMN -> column
        | NAME "(" sum ("," sum)* ")" -> call
        | "(" sum ")"

    PLUS: "+"
    MINUS: "-"
    STAR: "*"
    SLASH: "/"
    CARET: "^"
    NUMBER: /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/
    NAME: /[^\W\d]\w*/
    QUOTED: /'[^'\n]+'|`[^`\n]+`/
    COLUMN: /\[\s*(?:'[^'\n]+'|`[^`\n]+`|[^\W\d][\w-]*)\s*\]/
    %ignore /\s+/
"""


@dataclass(frozen=True)
class Number:
    """A number, or one of the constants."""

    value: float


@dataclass(frozen=True)
class Name:
    """A variable or coordinate; with `column`, over its whole depth axis."""

    name: str
    column: bool = False


@dataclass(frozen=True)
class Negative:
    """The operand with the other sign."""

    operand: "Node"


@dataclass(frozen=True)
class Binary:
    """Two operands with an operator between them."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: "tuple[Node, ...]"

    @property
    def reduces_column(self) -> bool:
        """True if the function makes one value of a whole column."""
        return FUNCTIONS[self.function].column or (self.function in {"max", "min"} and len(self.arguments) == 1)


Node = Number | Name | Negative | Binary | Call


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A text and its syntax tree."""

    text: str
    root: Node

    @property
    def names(self) -> tuple[str, ...]:
        """Variables and coordinates, each once, in their order."""
        return tuple(dict.fromkeys(node.name for node in self.nodes() if isinstance(node, Name)))

    @property
    def calls(self) -> tuple[Call, ...]:
        """Function calls, in their order."""
        return tuple(node for node in self.nodes() if isinstance(node, Call))

    def nodes(self) -> Iterator[Node]:
        """Iterate over all nodes, from left to right."""
        return walk_nodes(self.root)


@dataclass(frozen=True)
class Function:
    """The signature of a function.

    Attributes
    ----------
    signature : str
        Names of the arguments; those with ``?`` may be left out, and ``...`` repeats the one before.
    summary : str
        The meaning of the values.
    units : str
        Of the values; empty where they depend on the arguments.
    column : bool
        True if it takes whole columns, and gives one value for each.
    neighbours : bool
        True if it takes the values of neighbouring cells too.
    """

    signature: str
    summary: str
    units: str = ""
    column: bool = False
    neighbours: bool = False

    @property
    def counts(self) -> range:
        """Numbers of arguments that it accepts."""
        names = self.signature.split(", ")
        most = MAX_CHARACTERS if names[-1] == "..." else len(names)
        return range(sum(name[-1] not in "?." for name in names), most + 1)


WATER, DEGREES = "depth, latitude, temperature, salinity", "latitude?, longitude?"

FUNCTIONS: dict[str, Function] = {
    "sin": Function("a", "sine of radians"),
    "cos": Function("a", "cosine of radians"),
    "tan": Function("a", "tangent of radians"),
    "asin": Function("a", "radians whose sine is a"),
    "acos": Function("a", "radians whose cosine is a"),
    "atan": Function("a", "radians whose tangent is a"),
    "ln": Function("a", "natural logarithm"),
    "log": Function("a", "logarithm to base 10"),
    "log2": Function("a", "logarithm to base 2"),
    "exp": Function("a", "e to the power of a"),
    "sqrt": Function("a", "square root"),
    "abs": Function("a", "magnitude of a number"),
    "atan2": Function("y, x", "radians of the direction of (x, y)"),
    "max": Function("a, b?, ...", "greatest of a column; of several, the greatest in a cell"),
    "min": Function("a, b?, ...", "least of a column; of several, the least in a cell"),
    "magnitude": Function("a, b", "length of a vector"),
    "bearing": Function("north, east", "direction of a vector, degrees clockwise from north", "degree"),
    "unstaggered_speed": Function("u, v", "speed at the centres of an Arakawa C grid", neighbours=True),
    "oxygensaturation": Function("temperature, salinity", "oxygen solubility at the surface", "umol kg-1"),
    "nitrogensaturation": Function("temperature, salinity", "nitrogen solubility at the surface", "umol kg-1"),
    "sspeed": Function(WATER, "speed of sound", "m s-1"),
    "density": Function(WATER, "in-situ density", "kg m-3"),
    "heatcap": Function(WATER, "isobaric heat capacity", "J kg-1 K-1"),
    "tempgradient": Function(WATER, "adiabatic temperature gradient", "K Pa-1"),
    "soniclayerdepth": Function(WATER, "depth of the fastest sound above the deep sound channel", "m", column=True),
    "deepsoundchannel": Function(WATER, "depth of the slowest sound", "m", column=True),
    "deepsoundchannelbottom": Function(
        f"{WATER}, bathymetry?",
        "depth below the channel where sound is as fast as at the sonic layer depth",
        "m",
        column=True,
    ),
    "depthexcess": Function(
        f"{WATER}, bathymetry", "height of water below the bottom of the deep sound channel", "m", column=True
    ),
    "potentialsubsurfacechannel": Function(
        f"{WATER}, cutoff?",
        "1 where the top 1000 m hold a channel for sound above the cutoff frequency (Hz), else 0",
        "1",
        column=True,
    ),
    "geostrophic_x": Function(
        f"height, {DEGREES}",
        "eastward geostrophic velocity; none within 1 degree of the equator",
        "m s-1",
        neighbours=True,
    ),
    "geostrophic_y": Function(
        f"height, {DEGREES}",
        "northward geostrophic velocity; none within 1 degree of the equator",
        "m s-1",
        neighbours=True,
    ),
    "vorticity": Function(f"u, v, {DEGREES}", "vertical vorticity of a current", "s-1", neighbours=True),
    "divergence": Function(f"u, v, {DEGREES}", "horizontal divergence of a current", "s-1", neighbours=True),
    "gradient_x": Function(f"a, {DEGREES}", "eastward derivative, per m", neighbours=True),
    "gradient_y": Function(f"a, {DEGREES}", "northward derivative, per m", neighbours=True),
}


def walk_nodes(node: Node) -> Iterator[Node]:
    """Iterate over a node and all below it, from left to right."""
    yield node
    yield from chain.from_iterable(walk_nodes(child) for child in child_nodes(node))


def child_nodes(node: Node) -> tuple[Node, ...]:
    """Return the operands or arguments of a node."""
    if isinstance(node, Binary):
        return node.left, node.right
    if isinstance(node, Call):
        return node.arguments
    return (node.operand,) if isinstance(node, Negative) else ()


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """Parse an expression, or raise InvalidRequest with the position of the fault, counted from 1."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidRequest(
            "an expression has at most {limit} characters; this one has {count}",
            limit=MAX_CHARACTERS,
            count=len(text),
            field="expression",
        )
    tokens = _read_tokens(text)
    if sum(token.type not in {"LPAR", "RPAR", "COMMA", "$END"} for token in tokens) > MAX_NODES:
        raise InvalidRequest(
            "an expression has at most {limit} operands, operators and functions", limit=MAX_NODES, field="expression"
        )
    parser = _PARSER.parse_interactive()
    try:
        for token in _check_tokens(tokens):
            parser.feed_token(token)
        root: Node = parser.feed_token(tokens[-1])
    except UnexpectedToken as error:
        raise _describe_unexpected(error.token, parser.accepts()) from None  # type: ignore[no-untyped-call]
    return Expression(text=text, root=root)


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Node]):
    """Build the nodes of the syntax tree."""

    def number(self, token: Token) -> Node:
        return Number(float(token))

    def name(self, token: Token) -> Node:
        return Number(CONSTANTS[token]) if token in CONSTANTS else Name(str(token))

    def quoted(self, token: Token) -> Node:
        return Name(token[1:-1])

    def column(self, token: Token) -> Node:
        return Name(token[1:-1].strip().strip("'`"), column=True)

    def negative(self, _: Token, operand: Node) -> Node:
        return Negative(operand)

    def binary(self, left: Node, operator: Token, right: Node) -> Node:
        return Binary(str(operator), left, right)

    def call(self, name: Token, *arguments: Node) -> Node:
        function = FUNCTIONS[name]
        if len(arguments) not in function.counts:
            raise InvalidRequest(
                "{name!r} at position {position} takes ({signature}), and {count} are given",
                name=str(name),
                position=_position(name),
                signature=function.signature,
                count=len(arguments),
                field="expression",
            )
        return Call(str(name), arguments)


_PARSER = Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_TreeBuilder())


def _position(token: Token) -> int:
    """Return the position of a token, counted from 1."""
    return (token.start_pos or 0) + 1


def _read_tokens(text: str) -> list[Token]:
    """Split a text into its tokens; the last one is the end."""
    try:
        return [*_PARSER.lex(text), Token("$END", "", len(text))]
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise InvalidRequest(
            "{character!r} at position {position} means nothing here; an expression has numbers, names, + - * / ^, "
            "parentheses, functions, [name], and names in quotes",
            character=text[position],
            position=position + 1,
            field="expression",
        ) from None


def _check_tokens(tokens: list[Token]) -> Iterator[Token]:
    """Iterate over all tokens but the end; refuse unknown functions, infinite numbers and what is nested too deep."""
    for (token, following), depth in zip(pairwise(tokens), _nesting_depths(tokens), strict=True):
        if token.type == "NUMBER" and math.isinf(float(token)):
            raise InvalidRequest(
                "the number {number!r} at position {position} is too large",
                number=str(token),
                position=_position(token),
                field="expression",
            )
        if token.type == "NAME" and following.type == "LPAR" and token not in FUNCTIONS:
            raise InvalidRequest(
                "there is no function {name!r} at position {position}; there are {functions}",
                allowed=tuple(FUNCTIONS),
                name=str(token),
                position=_position(token),
                functions=", ".join(FUNCTIONS),
                field="expression",
            )
        if depth > MAX_NESTING:
            raise InvalidRequest(
                "an expression nests at most {limit} deep; see position {position}",
                limit=MAX_NESTING,
                position=_position(following),
                field="expression",
            )
        yield token


def _nesting_depths(tokens: list[Token]) -> Iterator[int]:
    """Count the open parentheses, and the signs whose operand is not complete, after each token but the end."""
    pending: list[str] = []
    previous = ""
    for token, following in pairwise(tokens):
        if token.type == "LPAR" or (token.type == "MINUS" and previous not in _OPERAND_ENDS):
            pending.append(token.type)
        if token.type == "RPAR" and "LPAR" in pending:
            while pending.pop() != "LPAR":
                pass
        if token.type in _OPERAND_ENDS and following.type != "LPAR":
            while pending and pending[-1] == "MINUS":
                pending.pop()
        previous = token.type
        yield len(pending)


def _describe_unexpected(token: Token, accepted: set[str]) -> InvalidRequest:
    """Name the tokens that are accepted in the place of an unexpected one."""
    if "NUMBER" in accepted:
        expected = Message("a number, a name, a function or '('")
    elif "RPAR" in accepted:
        expected = Message("')' or an operator")
    else:
        expected = Message("an operator (+ - * / ^)")
    if token.type == "$END":
        return InvalidRequest("expected {expected} instead of the end", expected=expected, field="expression")
    return InvalidRequest(
        "expected {expected} instead of {token!r} at position {position}",
        expected=expected,
        token=str(token),
        position=_position(token),
        field="expression",
    )
