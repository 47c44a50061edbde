"""HTML from values: every text is escaped, unless it is markup already."""

from html import escape

_EMPTY = {"meta", "link", "br", "hr", "img"}
_NAMES = {"class_": "class", "for_": "for", "type_": "type"}

Child = str | int | float | None


class Markup(str):
    """HTML that is safe as it stands."""

    __slots__ = ()


def tag(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element: ``tag("a", "more & more", href="/")``; what is None is left out."""
    told = "".join(
        f' {_NAMES.get(key, key.replace("_", "-"))}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{told}>" if name in _EMPTY else f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Texts and elements one after the other."""
    return Markup("".join(_safe(one) for one in children if one is not None))


def data_block(json: bytes) -> Markup:
    """JSON within a page: no text in it can end the element."""
    text = json.decode().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(f'<script type="application/ld+json">{text}</script>')


def _safe(one: str | float) -> str:
    return one if isinstance(one, Markup) else escape(str(one))
