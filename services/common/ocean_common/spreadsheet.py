"""Tables for spreadsheets: text that cannot be taken for a formula, and the byte-order mark of CSV files.

Excel reads a CSV file in the code page of its user, unless it begins with the byte-order mark of UTF-8; other readers
would take the mark for a part of the first name. So a table has it on request: ``bom=1`` in the address.
"""

from urllib.parse import parse_qs

from litestar.datastructures import MutableScopeHeaders
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARAMETER = "bom"
CSV = "text/csv"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets take such a text for a formula


def guard_formula(text: str) -> str:
    """Return a text of a cell that no spreadsheet takes for a formula.

    Numbers and times are written without it: -1.5 and -0044-03-15 are what they are.
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def wants_byte_order_mark(query_string: bytes) -> bool:
    """Return whether a request asks for the mark."""
    if PARAMETER.encode() not in query_string:
        return False
    return parse_qs(query_string.decode("latin-1")).get(PARAMETER, [""])[-1].lower() in {"1", "true"}


def add_byte_order_mark(start: HTTPResponseStartEvent, body: HTTPResponseBodyEvent) -> HTTPResponseBodyEvent:
    """Return the first piece of a response with the mark before it, where the response is a CSV table."""
    headers = MutableScopeHeaders(start)
    if headers.get("content-type", "").partition(";")[0] != CSV:
        return body
    if length := headers.get("content-length"):
        headers["content-length"] = str(int(length) + len(BYTE_ORDER_MARK))
    return {**body, "body": BYTE_ORDER_MARK + body["body"]}
