"""Expected failures, without HTTP, and texts for users, translated where they leave the service (gettext style).

A message is an English template, which is its id, with named values. Values are put in once, so that braces in a value
are never read as a field::

    Message("there is no dataset {dataset!r}; see /api/v2.0/datasets", dataset=key)

A value may be a message itself; it is translated with the text around it. A text without values is taken as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from string import Formatter


@dataclass(frozen=True, init=False, repr=False)
class Message:
    """An English template with its values; msgspec encodes and decodes it as a map of both."""

    template: str
    values: "dict[str, str | int | float | Message]"

    def __init__(self, template: str, /, **values: object) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", {name: _plain_value(value) for name, value in values.items()})
        if values and (missing := set(field_names(template)) - set(values)):
            raise KeyError(f"no value for {', '.join(sorted(missing))} in {template!r}")

    def __str__(self) -> str:
        return self.render(lambda template: template)

    def __repr__(self) -> str:
        return f"Message({str(self)!r})"

    def __hash__(self) -> int:
        return hash(str(self))

    def render(self, translate: Callable[[str], str]) -> str:
        """Return the text, with the template and those of the values given by ``translate``."""
        template = translate(self.template)
        if not self.values:
            return template
        # Conversions and formats are those of the English template: a translation cannot lose the quotes of a value.
        texts: dict[str, str] = {}
        for _, name, spec, conversion in Formatter().parse(self.template):
            if name is None or name in texts:
                continue
            value = self.values[name]
            if isinstance(value, Message):
                texts[name] = value.render(translate)
            else:
                texts[name] = repr(value) if conversion == "r" else format(value, spec or "")
        return fill_template(template, texts)


class MessageError(Exception):
    """An error with a text for users; ``str(error)`` is its English."""

    def __init__(self, text: str | Message, /, **values: object) -> None:
        self.message = text if isinstance(text, Message) else Message(text, **values)
        super().__init__(str(self.message))


def join_messages(separator: str, messages: Iterable[str | Message]) -> Message:
    """Join messages to one, each of them translated; the separator is not."""
    texts = [Message(message) if isinstance(message, str) else message for message in messages]
    fields = [f"{{text{number}}}" for number in range(len(texts))]
    template = separator.replace("{", "{{").replace("}", "}}").join(fields)
    return Message(template, **{f"text{number}": text for number, text in enumerate(texts)})


def field_names(template: str) -> list[str]:
    """Return the names of the fields of a template, in their order."""
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def fill_template(template: str, texts: Mapping[str, str]) -> str:
    """Put texts into the fields of a template; nothing in them is read as a field."""
    return "".join(
        literal + (texts[name] if name is not None else "") for literal, name, _, _ in Formatter().parse(template)
    )


def match_template(template: str, text: str) -> dict[str, str] | None:
    """Return the texts of the fields of a template that makes ``text``, in letters of any case; None if it does not."""
    match = _compile_template(template).fullmatch(text)
    return {name[1:]: part for name, part in match.groupdict().items()} if match else None


@cache
def _compile_template(template: str) -> re.Pattern[str]:
    parts = Formatter().parse(template)
    pattern = [re.escape(literal) + ("" if name is None else f"(?P<_{name}>.+?)") for literal, name, _, _ in parts]
    return re.compile("".join(pattern), re.IGNORECASE | re.DOTALL)


def _plain_value(value: object) -> "str | int | float | Message":
    """Return a value of a type that can be encoded, and that reads as the given one."""
    if isinstance(value, Message):
        return value
    if isinstance(value, bool | str) or not isinstance(value, Real):
        return str(value)
    return int(value) if isinstance(value, Integral) else float(str(value))


class OceanError(MessageError):
    """An expected failure. Its message is for the caller and says what would work.

    The values of the message's fields are given by name, besides the wrong ``field`` of the request (which the message
    may name), the values ``allowed`` there, and the seconds after which to try again::

        InvalidRequest("there is no dataset {dataset!r}", dataset=key, field="dataset")
    """

    def __init__(
        self,
        text: str | Message,
        /,
        *,
        field: str | None = None,
        allowed: Iterable[str] = (),
        retry_after: int | None = None,
        **values: object,
    ) -> None:
        if isinstance(text, str) and "{field}" in text:
            values["field"] = field
        super().__init__(text, **values)
        self.field = field
        self.allowed = tuple(allowed)
        self.retry_after = retry_after


class NotFound(OceanError):
    """The named resource does not exist."""


class DatasetNotFound(NotFound):
    """No dataset has this id."""


class VariableNotFound(NotFound):
    """The dataset has no variable with this key."""


class TimeNotFound(NotFound):
    """The variable has no time step at this time."""


class DepthNotFound(NotFound):
    """The variable has no such depth level."""


class TileNotFound(NotFound):
    """The zoom level has no such tile."""


class NothingInView(NotFound):
    """The variable has no value in this area: land, or outside its grid."""


class PlotKindNotFound(NotFound):
    """There is no plot of this kind."""


class InvalidRequest(OceanError):
    """A field of the request is wrong, or two fields do not go together."""


class UnsupportedFormat(InvalidRequest):
    """The answer cannot be written in this format."""


class NotSupported(InvalidRequest):
    """A sound request that this version cannot answer."""


class Unauthorized(OceanError):
    """Only operators may, and they say so with their token."""


class PointOutsideGrid(OceanError):
    """The point is outside the grid of the variable."""


class RequestTooLarge(OceanError):
    """The request needs more cells, bytes or steps than one request may."""


class AddressTooLong(OceanError):
    """The request's address is longer than the service reads."""


class SourceUnreadable(OceanError):
    """A data file is broken, cut short or gone."""


class Unavailable(OceanError):
    """It would work, but not now."""


class TooBusy(Unavailable):
    """The queue for this kind of work is full."""


class ServiceUnavailable(Unavailable):
    """A neighbouring service does not answer."""
