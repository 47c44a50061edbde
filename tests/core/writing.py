"""Writes syntax trees of expressions as texts that are parsed to the same trees."""

import re

from ocean_core.expression import CONSTANTS, Binary, Call, Name, Negative, Number

RANKS = ({"+", "-"}, {"*", "/"}, {"^"})
SIGN, ATOM = len(RANKS), len(RANKS) + 1  # how tightly the rest binds


def write_node(node):
    match node:
        case Number(value):
            return f"{value:.0f}" if value.is_integer() and value < 1e15 else repr(value)
        case Name(name, column):
            plain = re.fullmatch(r"[^\W\d]\w*", name) and (column or name not in CONSTANTS)
            quote = "`" if "'" in name else "'"
            text = name if plain else f"{quote}{name}{quote}"
            return f"[{text}]" if column else text
        case Negative(operand):
            return "-" + within(operand, SIGN)
        case Binary(operator, left, right):
            return f"{within(left, rank(node))} {operator} {within(right, rank(node) + 1)}"
        case Call(function, arguments):
            return f"{function}({', '.join(map(write_node, arguments))})"


def rank(node):
    if isinstance(node, Binary):
        return next(rank for rank, operators in enumerate(RANKS) if node.operator in operators)
    return SIGN if isinstance(node, Negative) else ATOM


def within(node, least):
    return write_node(node) if rank(node) >= least else f"({write_node(node)})"
