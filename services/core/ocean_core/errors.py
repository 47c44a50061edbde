"""Expected failures, without HTTP."""

from collections.abc import Iterable

from ocean_core.messages import Message, MessageError


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
