"""What an Accept header likes best (RFC 9110 §12.5.1)."""

from functools import lru_cache


@lru_cache  # browsers say the same with every tile
def prefers(header: str, wanted: str, usual: str) -> bool:
    """Whether ``wanted`` is liked better than ``usual``; both are media types."""
    ranges = _ranges(header)
    return _liking(ranges, wanted) > _liking(ranges, usual)


def welcomes(header: str, wanted: str, usual: str) -> bool:
    """Whether ``wanted`` is named, and liked no less than ``usual``."""
    ranges = _ranges(header)
    return wanted in ranges and _liking(ranges, wanted) >= max(_liking(ranges, usual), 0.001)


def _ranges(header: str) -> dict[str, float]:
    """Media ranges and how much each is liked, 0 to 1."""
    liked = {}
    for one in header.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            liked[name] = min(1.0, max(0.0, float(weight)))
        except ValueError:
            liked[name] = 0.0
    return liked


def _liking(ranges: dict[str, float], media_type: str) -> float:
    """Of the ranges that a type is in, the narrowest counts."""
    family = media_type.partition("/")[0]
    return next((ranges[one] for one in (media_type, f"{family}/*", "*/*") if one in ranges), 0.0)
