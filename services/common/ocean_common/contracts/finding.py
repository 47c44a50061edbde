"""How datasets are found, when they have values, and how well their files say what they are."""

from typing import Literal

import msgspec


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that a search found."""

    id: str
    value: str  # display name
    score: float = 0.0  # how well it fits the words; 0 where none were asked for
    help: str | None = None
    attribution: str | None = None
    group: str | None = None
    subgroup: str | None = None
    quantum: str | None = None
    model_class: str | None = None
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north: degrees
    start: str | None = None  # first time step, ISO 8601
    end: str | None = None
    variables: list[str] = []  # keys
    revision: str = ""
    href: str = ""  # its page


class FacetValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that narrows a search, and how many of what was found have it."""

    value: str
    count: int
    title: str | None = None  # the value for people, where it is said otherwise


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows a search: the most frequent values first."""

    group: list[FacetValue] = []
    quantum: list[FacetValue] = []
    model_class: list[FacetValue] = []
    standard_name: list[FacetValue] = []
    variable: list[FacetValue] = []


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was found, the best first."""

    total: int
    limit: int
    offset: int
    results: list[Found]
    facets: Facets


class TimeInterval(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps of one spacing."""

    start: str  # the first, ISO 8601
    end: str  # the last
    step: str | None  # ISO 8601 duration; null for a single time step
    count: int
    start_id: int  # raw times, in the dataset's time_dim_units
    end_id: int


class TimeIntervals(msgspec.Struct, frozen=True, kw_only=True):
    """The time steps of a variable as intervals of equal spacing, ascending."""

    count: int  # time steps
    start: str | None = None
    end: str | None = None
    total: int = 0  # intervals, of which a page is told
    limit: int = 0
    offset: int = 0
    intervals: list[TimeInterval] = []


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that the files of a dataset should have."""

    attribute: str
    variables: list[str] = []  # keys of those that lack it; none: it is a global attribute
    importance: Literal["high", "recommended", "suggested"]
    convention: Literal["CF", "ACDD"]
    advice: str


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what CF and ACDD recommend the files of a dataset say of themselves."""

    dataset: str
    score: int  # per cent, weighted by importance
    present: int  # attributes
    recommended: int  # of how many
    missing: list[Lacking]  # the most important first


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to something, and where it is."""

    rel: str
    href: str
    title: str
    type: str = "application/json"
