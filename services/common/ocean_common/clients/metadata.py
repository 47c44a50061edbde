"""What the neighbours of the metadata service ask it, and keep."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, Self, runtime_checkable

import httpx

from ocean_common.clients.core import Neighbour, segment
from ocean_common.contracts.assets import Assets, Revisions, VariableInfo
from ocean_common.contracts.class4 import Class4Kind, Class4Profiles
from ocean_common.contracts.observations import ObservedStation, ObservedStations, PlatformTrack
from ocean_common.contracts.places import Area
from ocean_common.errors import DatasetNotFound, OceanError, ServiceUnavailable, VariableNotFound

REFRESH = 2.0  # s between two questions for revisions
KEPT = 512  # variables whose assets are kept

_log = logging.getLogger(__name__)


@runtime_checkable
class Catalogue(Protocol):
    """Who knows which data exist."""

    async def revision(self, dataset: str) -> str:
        """The revision of ``dataset``, or DatasetNotFound."""

    async def variable(self, dataset: str, variable: str) -> VariableInfo:
        """What labels, colours and units need, or DatasetNotFound or VariableNotFound."""

    async def assets(self, dataset: str, variable: str) -> Assets:
        """Where the numbers are and how they lie, or DatasetNotFound or VariableNotFound."""


@runtime_checkable
class Listed(Protocol):
    """Who can tell the variables of a dataset."""

    async def variables(self, dataset: str) -> list[VariableInfo]:
        """What each of them is, in the order of the configuration, or DatasetNotFound."""


@runtime_checkable
class Areas(Protocol):
    """Who knows the predefined areas."""

    async def area(self, key: str) -> Area:
        """The area of a key `group/name`, or NotFound."""


@runtime_checkable
class Observed(Protocol):
    """Who knows what was measured."""

    async def observed(self, stations: Sequence[int]) -> list[ObservedStation]:
        """Stations with their samples, in the order asked for, or NotFound."""

    async def track(
        self, platform: int, start: str = "", end: str = "", datatypes: Sequence[str] = ()
    ) -> PlatformTrack:
        """The way of a platform between two times (ISO 8601; a date is its whole day), or NotFound."""


@runtime_checkable
class Compared(Protocol):
    """Who knows the Class 4 profiles."""

    async def class4(
        self, ids: Sequence[str], kind: Class4Kind = "ocean_predict", models: Sequence[str] = ()
    ) -> Class4Profiles:
        """Profiles by their ids `file_index`, and the same ones of other models' files, or NotFound."""


class MetadataClient:
    """The catalogue over HTTP. What was asked is kept until its dataset's revision changes.

    Revisions are asked again every 2 s, in the background; while the metadata service is away, what is kept
    goes on serving. Use it as an async context manager.
    """

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = Neighbour("metadata", url, transport)
        self._known = Revisions(catalogue="", datasets={})
        self._assets: OrderedDict[tuple[str, str], Assets] = OrderedDict()
        self._listed: dict[str, tuple[str, list[VariableInfo]]] = {}
        self._polling: asyncio.Task[None] | None = None
        self.away: str | None = None  # why the metadata service did not answer the last time

    async def __aenter__(self) -> Self:
        self._polling = asyncio.create_task(self._poll())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._polling:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling
        await self._http.aclose()

    async def revision(self, dataset: str) -> str:
        """The revision of ``dataset``; one that is not known yet is asked for."""
        if not _is_key(dataset):
            raise DatasetNotFound(
                "there is no dataset {dataset!r}; see /api/v2.0/datasets", dataset=dataset, field="dataset"
            )
        if dataset not in self._revisions:
            await self.refresh(dataset)
        return self._revisions[dataset]

    async def variable(self, dataset: str, variable: str) -> VariableInfo:
        """What labels, colours and units need."""
        return (await self.assets(dataset, variable)).variable

    async def assets(self, dataset: str, variable: str) -> Assets:
        """Where the numbers are and how they lie."""
        if not _is_key(dataset) or not _is_key(variable):
            await self.revision(dataset)
            raise VariableNotFound(
                "{dataset} has no variable {variable!r}; see /api/v2.0/dataset/{dataset}/variables",
                dataset=dataset,
                variable=variable,
                field="variable",
            )
        key = (dataset, variable)
        kept = self._assets.get(key)
        if kept is not None and kept.revision == self._revisions.get(dataset, kept.revision):
            self._assets.move_to_end(key)
            return kept
        try:
            fresh = await self._http.get(f"/internal/assets/{segment(dataset)}/{segment(variable)}", Assets)
        except ServiceUnavailable:
            if kept is None:
                raise
            return kept
        self._assets[key] = fresh
        if len(self._assets) > KEPT:
            self._assets.popitem(last=False)
        return fresh

    async def variables(self, dataset: str) -> list[VariableInfo]:
        """What each variable of a dataset is."""
        revision = await self.revision(dataset)
        kept = self._listed.get(dataset)
        if kept is None or kept[0] != revision:
            found = await self._http.get(f"/internal/variables/{segment(dataset)}", list[VariableInfo])
            kept = self._listed[dataset] = (revision, found)
        return kept[1]

    async def area(self, key: str) -> Area:
        """A predefined area; asked anew each time, since it may be drawn anew."""
        return await self._http.get("/internal/areas", Area, key=key)

    async def observed(self, stations: Sequence[int]) -> list[ObservedStation]:
        """Stations with their samples, in the order asked for."""
        ids = ",".join(map(str, stations))
        return (await self._http.get("/internal/observation/stations", ObservedStations, ids=ids)).stations

    async def track(
        self, platform: int, start: str = "", end: str = "", datatypes: Sequence[str] = ()
    ) -> PlatformTrack:
        """The way of a platform between two times, with its quantities or some of them."""
        asked = {"start": start, "end": end, "datatypes": ",".join(datatypes)}
        return await self._http.get(f"/internal/observation/track/{platform}", PlatformTrack, **asked)

    async def class4(
        self, ids: Sequence[str], kind: Class4Kind = "ocean_predict", models: Sequence[str] = ()
    ) -> Class4Profiles:
        """Profiles by their ids `file_index`, and the same ones of other models' files."""
        asked = {"ids": ",".join(ids), "models": ",".join(models)}
        return await self._http.get(f"/internal/class4/{kind}", Class4Profiles, **asked)

    async def refresh(self, dataset: str = "") -> None:
        """Ask for the revisions; with ``dataset``, DatasetNotFound if the catalogue has none of this id."""
        found = await self._http.get("/internal/revisions", Revisions, known=self._known.catalogue, dataset=dataset)
        if found.datasets is not None:
            self._known = found
        self.away = None

    @property
    def _revisions(self) -> dict[str, str]:
        return self._known.datasets or {}

    async def _poll(self) -> None:
        while True:
            try:
                await self.refresh()
            except OceanError as error:
                if self.away is None:
                    _log.warning("metadata is away: %s", error)
                self.away = str(error)
            await asyncio.sleep(REFRESH)


def _is_key(name: str) -> bool:
    """Whether a catalogue can have this name: servers part addresses at a slash, encoded or not."""
    return bool(name) and "/" not in name
