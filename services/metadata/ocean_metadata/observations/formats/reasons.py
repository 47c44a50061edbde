"""Why a file cannot be imported."""


class Unreadable(Exception):
    """A file that no reader understands, or that is broken; the message is for the operator."""
