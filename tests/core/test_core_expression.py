"""The language of calculated variables: what is read, how it binds, and how what is wrong is told."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.writing import write_node
from tests.looping import loop_over

from ocean_core.errors import InvalidRequest
from ocean_core.expression import (
    CONSTANTS,
    FUNCTIONS,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    parse_expression,
)


def value(node: Node) -> float:
    """Arithmetic on numbers alone."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative):
        return -value(node.operand)
    assert isinstance(node, Binary)
    left, right = value(node.left), value(node.right)
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "^": lambda: left**right,
    }[node.operator]()


@loop_over(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("8 / 4 / 2", 1),
        ("2 ^ 3 ^ 2", 64),
        ("-2 ^ 2", 4),
        ("-(2 ^ 2)", -4),
        ("2 ^ -1", 0.5),
        ("2 ^ (1 + 1)", 4),
        ("3 - -2", 5),
        ("2 * pi", 2 * math.pi),
        ("e", math.e),
        ("1e-3 + .5 + 5. + 1.5E+2", 155.501),
    ],
)
def test_operators_bind_as_they_are_documented(text: str, expected: float) -> None:
    assert value(parse_expression(text).root) == pytest.approx(expected)


@loop_over(
    ("text", "names"),
    [
        ("votemper-273.15", ("votemper",)),
        ("a-b", ("a", "b")),
        ("eastward + pitch * e2t / exp(e)", ("eastward", "pitch", "e2t")),
        ("'sea-ice' + `ice'thickness` + [sea-ice] + ['snow depth']", ("sea-ice", "ice'thickness", "snow depth")),
        ("'e' * pi", ("e",)),
        ("density([depth], nav_lat, [t] - 273.15, [s]) + s", ("depth", "nav_lat", "t", "s")),
        ("température", ("température",)),
    ],
)
def test_names_are_listed_once_in_their_order(text: str, names: tuple[str, ...]) -> None:
    assert parse_expression(text).names == names


def test_brackets_request_the_whole_depth_axis() -> None:
    assert parse_expression("[t] - t").root == Binary("-", Name("t", column=True), Name("t"))


@loop_over(
    ("text", "said"),
    [
        ("", "expected a number, a name, a function or '(' instead of the end"),
        ("a b", "expected an operator (+ - * / ^) instead of 'b' at position 3"),
        ("a $ b", "'$' at position 3"),
        ("(a + b", "expected ')'"),
        ("a + * b", "instead of '*' at position 5"),
        ("[a + b]", "'[' at position 1"),
        ("'a", '"\'" at position 1'),
        ("system(1)", "there is no function 'system' at position 1; there are sin, cos"),
        ("__import__('os')", "there is no function '__import__'"),
        ("a.b", "'.' at position 2"),
        ("magnitude(a)", "takes (a, b), and 1 are given"),
        ("potentialsubsurfacechannel(d, l, t, s, 1, 2)", "takes (depth, latitude, temperature, salinity, cutoff?)"),
        ("1e999", "too large"),
        ("a" * 2001, "at most 2000 characters"),
        ("+".join(["a"] * 101), "at most 200 operands"),
        ("(" * 65 + "a" + ")" * 65, "nests at most 64 deep"),
        ("-" * 65 + "a", "nests at most 64 deep"),
    ],
)
def test_an_error_has_its_position(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as error_info:
        parse_expression(text)
    assert said in str(error_info.value)
    assert error_info.value.field == "expression"


NAMES = st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True) | st.sampled_from([*CONSTANTS, "sea-ice", "it's", "2m t"])
LEAVES = st.floats(0, 1e300).map(Number) | st.builds(Name, NAMES, st.booleans())


def _compound(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(
        lambda name: st.builds(Call, st.just(name), st.tuples(*[inner] * FUNCTIONS[name].counts.start))
    )
    return st.builds(Negative, inner) | st.builds(Binary, st.sampled_from("+-*/^"), inner, inner) | calls


@given(st.recursive(LEAVES, _compound, max_leaves=20))
def test_a_printed_tree_reads_back(tree: Node) -> None:
    assert parse_expression(write_node(tree)).root == tree


PIECES = st.sampled_from([*"+-*/^(),[]'` .eE019ab", "pi", "sin(", "max(", "[t]", "'x'", "\n", "\0", "²", "١"])


@given(st.text(max_size=80) | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    with suppress(InvalidRequest):
        expression = parse_expression(text)
        assert parse_expression(write_node(expression.root)).root == expression.root
