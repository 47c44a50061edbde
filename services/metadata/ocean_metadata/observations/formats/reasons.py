"""Why a file cannot be imported."""

from ocean_core.messages import MessageError


class Unreadable(MessageError):
    """A file that no reader understands, or that is broken; the message is for the operator."""
