"""Templates of XML and HTML documents."""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@cache
def load_template(package: str, name: str) -> Template:
    """Load a template of a package; what is put into XML and HTML is escaped."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(("xml.jinja", "html.jinja"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["legal"] = _remove_illegal
    return environment.get_template(name)


def _remove_illegal(text: Any) -> str:
    """Remove what no XML may hold."""
    return _NOT_XML.sub(" ", str(text))
