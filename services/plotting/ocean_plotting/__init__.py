"""Pictures of the ocean: plots, map tiles, colour bars."""

__version__ = "0.1.0"
