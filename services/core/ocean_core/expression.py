"""The expression language of calculated variables: grammar, syntax tree, functions and coordinates.

Operators of one rank are left-associative, ``^`` too, and the sign binds tightest: ``2^3^2`` is 64 and ``-2^2`` is 4,
as it always was for these equations. ``pi`` and ``e`` are numbers, but begin names like any letters; ``a-b`` is a
difference, and a name with a hyphen is quoted: ``'sea-ice'``. ``[name]`` is the variable over its whole depth axis.

The tree holds no values: the data service evaluates it on arrays.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Literal

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from ocean_core.errors import InvalidRequest, Message

MAX_CHARACTERS, MAX_NODES, MAX_NESTING = 2000, 200, 64
CONSTANTS = {"pi": math.pi, "e": math.e}
_OPERAND_ENDS = {"NUMBER", "NAME", "QUOTED", "COLUMN", "RPAR"}

Coordinate = Literal["depth", "latitude", "longitude"]
COORDINATE_NAMES: dict[Coordinate, set[str]] = {
    "depth": {"depth", "deptht", "depthu", "depthv", "depthw", "lev", "z"},
    "latitude": {"latitude", "lat", "nav_lat"},
    "longitude": {"longitude", "lon", "nav_lon"},
}

Extent = Literal["flat", "level", "column"]  # without depth, at the depth asked for, over the whole depth axis
EXTENTS: tuple[Extent, ...] = ("flat", "level", "column")

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
    def reduces_column(self) -> bool:  # makes one value of a whole column
        return FUNCTIONS[self.function].column or (self.function in {"max", "min"} and len(self.arguments) == 1)


Node = Number | Name | Negative | Binary | Call


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A text and its syntax tree."""

    text: str
    root: Node

    @property
    def names(self) -> tuple[str, ...]:  # variables and coordinates, each once, in their order
        return tuple(dict.fromkeys(node.name for node in self.nodes() if isinstance(node, Name)))

    def repeats(self, name: str) -> bool:
        """Return whether a name occurs more than once."""
        return sum(isinstance(node, Name) and node.name == name for node in self.nodes()) > 1

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(node for node in self.nodes() if isinstance(node, Call))

    def nodes(self) -> Iterator[Node]:
        return walk_nodes(self.root)


@dataclass(frozen=True)
class Function:
    """The signature of a function, and the units of its values."""

    signature: str  # names of the arguments: those with `?` may be left out, and `...` repeats the one before
    units: str = ""  # empty where they depend on the arguments
    column: bool = False  # it takes whole columns, and gives one value for each
    neighbours: bool = False  # it takes the values of neighbouring cells too
    vector: bool = False  # its first two arguments are the components of a vector, in one unit

    @property
    def counts(self) -> range:  # numbers of arguments that it accepts
        names = self.signature.split(", ")
        most = MAX_CHARACTERS if names[-1] == "..." else len(names)
        return range(sum(name[-1] not in "?." for name in names), most + 1)


WATER, DEGREES = "depth, latitude, temperature, salinity", "latitude?, longitude?"

FUNCTIONS: dict[str, Function] = {
    # Angles are radians; `ln` is the natural logarithm, `log` that to base 10.
    **{
        name: Function("a")
        for name in ["sin", "cos", "tan", "asin", "acos", "atan", "ln", "log", "log2", "exp", "sqrt", "abs"]
    },
    "atan2": Function("y, x"),
    "max": Function("a, b?, ..."),  # of one argument, that of its column; of several, that in a cell
    "min": Function("a, b?, ..."),
    "magnitude": Function("a, b", vector=True),
    "bearing": Function("north, east", "degree", vector=True),  # clockwise from north
    "unstaggered_speed": Function("u, v", neighbours=True, vector=True),  # at the centres of an Arakawa C grid
    "oxygensaturation": Function("temperature, salinity", "umol kg-1"),  # solubility at the surface
    "nitrogensaturation": Function("temperature, salinity", "umol kg-1"),
    "sspeed": Function(WATER, "m s-1"),
    "density": Function(WATER, "kg m-3"),
    "heatcap": Function(WATER, "J kg-1 K-1"),
    "tempgradient": Function(WATER, "K Pa-1"),  # adiabatic
    # Of sound: see `ocean_core.seawater`.
    "soniclayerdepth": Function(WATER, "m", column=True),
    "deepsoundchannel": Function(WATER, "m", column=True),
    "deepsoundchannelbottom": Function(f"{WATER}, bathymetry?", "m", column=True),
    "depthexcess": Function(f"{WATER}, bathymetry", "m", column=True),
    "potentialsubsurfacechannel": Function(f"{WATER}, cutoff?", "1", column=True),  # cutoff frequency, Hz
    "geostrophic_x": Function(f"height, {DEGREES}", "m s-1", neighbours=True),  # none within 1 degree of the equator
    "geostrophic_y": Function(f"height, {DEGREES}", "m s-1", neighbours=True),
    "vorticity": Function(f"u, v, {DEGREES}", "s-1", neighbours=True, vector=True),
    "divergence": Function(f"u, v, {DEGREES}", "s-1", neighbours=True, vector=True),
    "gradient_x": Function(f"a, {DEGREES}", neighbours=True),  # eastward, per m
    "gradient_y": Function(f"a, {DEGREES}", neighbours=True),
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


def depth_extent(node: Node, has_levels: Callable[[str], bool]) -> Extent:
    """Return how much of the depth axis a part of an expression spans; ``has_levels``: whether a name does."""
    if isinstance(node, Name):
        return ("column" if node.column else "level") if has_levels(node.name) else "flat"
    if isinstance(node, Call) and node.reduces_column:
        return "flat"
    return max((depth_extent(child, has_levels) for child in child_nodes(node)), key=EXTENTS.index, default="flat")


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """Parse an expression, or raise InvalidRequest with the position of the fault, counted from 1."""
    if len(text) > MAX_CHARACTERS:
        raise _fault(
            "an expression has at most {limit} characters; this one has {count}", limit=MAX_CHARACTERS, count=len(text)
        )
    tokens = _read_tokens(text)
    if sum(token.type not in {"LPAR", "RPAR", "COMMA", "$END"} for token in tokens) > MAX_NODES:
        raise _fault("an expression has at most {limit} operands, operators and functions", limit=MAX_NODES)
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
            raise _fault(
                "{name!r} at position {position} takes ({signature}), and {count} are given",
                name,
                name=name,
                signature=function.signature,
                count=len(arguments),
            )
        return Call(str(name), arguments)


_PARSER = Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_TreeBuilder())


def _fault(text: str, at: Token | None = None, /, *, allowed: Iterable[str] = (), **values: object) -> InvalidRequest:
    """Make the error of an expression, with the position of a token, counted from 1."""
    if at is not None:
        values["position"] = (at.start_pos or 0) + 1
    return InvalidRequest(Message(text, **values), field="expression", allowed=allowed)


def _read_tokens(text: str) -> list[Token]:
    """Split a text into its tokens; the last one is the end."""
    try:
        return [*_PARSER.lex(text), Token("$END", "", len(text))]
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise _fault(
            "{character!r} at position {position} means nothing here; an expression has numbers, names, + - * / ^, "
            "parentheses, functions, [name], and names in quotes",
            character=text[position],
            position=position + 1,
        ) from None


def _check_tokens(tokens: list[Token]) -> Iterator[Token]:
    """Iterate over all tokens but the end; refuse unknown functions, infinite numbers and what is nested too deep."""
    pending: list[str] = []  # open parentheses, and signs whose operand is not complete
    previous = ""
    for token, following in pairwise(tokens):
        if token.type == "NUMBER" and math.isinf(float(token)):
            raise _fault("the number {number!r} at position {position} is too large", token, number=token)
        if token.type == "NAME" and following.type == "LPAR" and token not in FUNCTIONS:
            raise _fault(
                "there is no function {name!r} at position {position}; there are {functions}",
                token,
                allowed=FUNCTIONS,
                name=token,
                functions=", ".join(FUNCTIONS),
            )
        if token.type == "LPAR" or (token.type == "MINUS" and previous not in _OPERAND_ENDS):
            pending.append(token.type)
        if token.type == "RPAR" and "LPAR" in pending:
            while pending.pop() != "LPAR":
                pass
        if token.type in _OPERAND_ENDS and following.type != "LPAR":
            while pending and pending[-1] == "MINUS":
                pending.pop()
        if len(pending) > MAX_NESTING:
            raise _fault(
                "an expression nests at most {limit} deep; see position {position}", following, limit=MAX_NESTING
            )
        previous = token.type
        yield token


def _describe_unexpected(token: Token, accepted: set[str]) -> InvalidRequest:
    """Name the tokens that are accepted in the place of an unexpected one."""
    if "NUMBER" in accepted:
        expected = Message("a number, a name, a function or '('")
    elif "RPAR" in accepted:
        expected = Message("')' or an operator")
    else:
        expected = Message("an operator (+ - * / ^)")
    if token.type == "$END":
        return _fault("expected {expected} instead of the end", expected=expected)
    return _fault(
        "expected {expected} instead of {token!r} at position {position}", token, expected=expected, token=token
    )
