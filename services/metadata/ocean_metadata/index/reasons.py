"""Why something cannot be read, in words for people."""

from ocean_core.messages import MessageError


class Unreadable(MessageError):
    """A file that cannot be served, and why."""


# What the NetCDF library and numpy raise on files that are damaged or strange.
BROKEN = (Unreadable, OSError, RuntimeError, ValueError, AttributeError, IndexError, OverflowError, TypeError, KeyError)


def why(error: Exception) -> str:
    """A reason in words, without folders."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return "it is gone"
    if isinstance(error, OSError):
        words = error.strerror or str(error)
        return f"it cannot be opened: {words.removeprefix('NetCDF: ')}"
    return f"it cannot be read: {str(error).removeprefix('NetCDF: ') or type(error).__name__}"
