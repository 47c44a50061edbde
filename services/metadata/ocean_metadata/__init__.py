"""The metadata service: which data exist."""

__version__ = "0.1.0"
