"""What operators know."""

import msgspec


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """The token that lets operators in; None: nobody."""

    secret: str | None = None
