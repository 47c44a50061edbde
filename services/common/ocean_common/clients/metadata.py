"""Client of the metadata service, with a cache of what it answered."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

import httpx

from ocean_common.background import BackgroundTask
from ocean_common.clients.http import Neighbour, segment
from ocean_common.contracts.assets import Assets, DatasetFiles, Revisions, VariableInfo, without_files
from ocean_common.contracts.metadata import DatasetLayers, MapDataset
from ocean_common.contracts.observations import (
    Class4Kind,
    Class4Profiles,
    ObservedStation,
    ObservedStations,
    PlatformTrack,
)
from ocean_common.contracts.places import Area
from ocean_common.i18n import outgoing_language
from ocean_core.cache import ByteBoundedCache, SingleFlight
from ocean_core.errors import DatasetNotFound, OceanError, ServiceUnavailable, VariableNotFound

REFRESH = 2.0  # s between two requests for revisions
MAX_BYTES = 64 * 2**20  # of assets that are cached

_log = logging.getLogger(__name__)


@runtime_checkable
class Catalogue(Protocol):
    """Source of datasets and variables."""

    async def revision(self, dataset: str) -> str:
        """Return the revision of ``dataset``, or raise DatasetNotFound."""

    async def variable(self, dataset: str, variable: str) -> VariableInfo:
        """Return the description of a variable, or raise DatasetNotFound or VariableNotFound."""

    async def assets(self, dataset: str, variable: str) -> Assets:
        """Return the assets of a variable, or raise DatasetNotFound or VariableNotFound."""


@runtime_checkable
class Areas(Protocol):
    """Source of the predefined areas."""

    async def area(self, key: str) -> Area:
        """Return the area of a key `group/name`, or raise NotFound."""


class MetadataClient:
    """The catalogue over HTTP; answers are kept until the revision of their dataset changes.

    Revisions are requested again every 2 s, in the background; while the metadata service is away, what is kept
    goes on serving. Use it as an async context manager.

    ``files``: whether assets name the files and what else only reading takes. ``refresh``: seconds between two requests
    for revisions.
    """

    def __init__(
        self,
        url: str,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        files: bool = True,
        refresh: float = REFRESH,
    ) -> None:
        self._http = Neighbour("metadata", url, transport)
        self._files = files
        self._refresh_pause = refresh
        self._latest = Revisions(catalogue="", datasets={})
        self._assets: ByteBoundedCache[Assets] = ByteBoundedCache(MAX_BYTES, _size_of)
        self._flights: SingleFlight[Assets] = SingleFlight()
        self._listed: dict[str, tuple[str, list[VariableInfo]]] = {}
        self._polling = BackgroundTask("the revisions of datasets are not followed", self._poll)
        self._away: str | None = None

    async def __aenter__(self) -> Self:
        await self._polling.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._polling.__aexit__()
        await self._http.aclose()

    @property
    def away(self) -> str | None:
        """Why the metadata service did not answer the last time, or is not asked any more, in part or at all."""
        return self._away or self._polling.failure or self._http.degradation

    async def revision(self, dataset: str) -> str:
        """Return the revision of ``dataset``; one that is not known yet is requested."""
        if not _is_key(dataset):
            raise DatasetNotFound(
                "there is no dataset {dataset!r}; see /api/v2.0/datasets", dataset=dataset, field="dataset"
            )
        if dataset not in self._revisions:
            await self.refresh(dataset)
        return self._revisions[dataset]

    async def variable(self, dataset: str, variable: str) -> VariableInfo:
        """Return the description of a variable, for labels, colours and units."""
        return (await self.assets(dataset, variable)).variable

    async def assets(self, dataset: str, variable: str) -> Assets:
        """Return the assets of a variable: its files, grid and axes."""
        if not _is_key(dataset) or not _is_key(variable):
            await self.revision(dataset)
            raise VariableNotFound(
                "{dataset} has no variable {variable!r}; see /api/v2.0/dataset/{dataset}/variables",
                dataset=dataset,
                variable=variable,
                field="variable",
            )
        key = (dataset, variable)
        cached = self._assets.find(key, None)
        if cached is not None and cached.revision == self._revisions.get(dataset, cached.revision):
            return cached
        try:
            # Errors are translated by the neighbour: those of another language are not shared.
            flight = (*key, *outgoing_language().values())
            assets, _ = await self._flights.run(flight, lambda: self._fetch_assets(dataset, variable))
        except ServiceUnavailable:
            if cached is None:
                raise
            return cached
        return assets

    async def _fetch_assets(self, dataset: str, variable: str) -> Assets:
        path = f"/internal/assets/{segment(dataset)}/{segment(variable)}"
        if self._files:
            assets = await self._http.get(path, Assets)
        else:  # an older neighbour sends everything
            assets = without_files(await self._http.get(path, Assets, files="false"))
        return self._assets.put((dataset, variable), assets)

    async def files(self, dataset: str) -> DatasetFiles:
        """Return the files of a dataset; whoever asks keeps what it makes of them."""
        await self.revision(dataset)
        return await self._http.get(f"/internal/files/{segment(dataset)}", DatasetFiles)

    async def variables(self, dataset: str) -> list[VariableInfo]:
        """Return the descriptions of a dataset's variables."""
        revision = await self.revision(dataset)
        cached = self._listed.get(dataset)
        if cached is None or cached[0] != revision:
            variables = await self._http.get(f"/internal/variables/{segment(dataset)}", list[VariableInfo])
            cached = self._listed[dataset] = (revision, variables)
        return cached[1]

    async def map_datasets(self) -> list[MapDataset]:
        """Return the datasets that have layers of maps, in the language of the request."""
        return await self._http.get("/internal/map-datasets", list[MapDataset])

    async def layers(self, dataset: str) -> DatasetLayers:
        """Return the layers of a dataset; whoever asks keeps what it makes of them."""
        await self.revision(dataset)
        return await self._http.get(f"/internal/layers/{segment(dataset)}", DatasetLayers)

    async def area(self, key: str) -> Area:
        """Return a predefined area; it is requested each time, since its file may change."""
        return await self._http.get("/internal/areas", Area, key=key)

    async def observed(self, stations: Sequence[int]) -> list[ObservedStation]:
        """Return stations with their samples, in the order of the ids."""
        ids = ",".join(map(str, stations))
        return (await self._http.get("/internal/observation/stations", ObservedStations, ids=ids)).stations

    async def track(
        self, platform: int, start: str = "", end: str = "", datatypes: Sequence[str] = (), depth: float | None = None
    ) -> PlatformTrack:
        """Return the track of a platform between two times, with its quantities or some of them, around a depth (m)."""
        parameters = _without_defaults(start=start, end=end, datatypes=",".join(datatypes))
        if depth is not None:
            parameters["depth"] = f"{depth:g}"
        return await self._http.get(f"/internal/observation/track/{platform}", PlatformTrack, **parameters)

    async def class4(
        self, ids: Sequence[str], kind: Class4Kind = "ocean_predict", models: Sequence[str] = ()
    ) -> Class4Profiles:
        """Return profiles by their ids `file_index`, with those of other models' files."""
        parameters = _without_defaults(ids=",".join(ids), models=",".join(models))
        return await self._http.get(f"/internal/class4/{kind}", Class4Profiles, **parameters)

    async def refresh(self, dataset: str = "") -> None:
        """Request the revisions; with ``dataset``, raise DatasetNotFound if the catalogue has none of this id."""
        parameters = _without_defaults(known=self._latest.catalogue, dataset=dataset)
        revisions = await self._http.get("/internal/revisions", Revisions, **parameters)
        if revisions.datasets is not None:
            self._latest = revisions
        self._away = None

    @property
    def _revisions(self) -> dict[str, str]:
        return self._latest.datasets or {}

    async def _poll(self) -> None:
        while True:
            try:
                await self.refresh()
            except OceanError as error:
                if self._away is None:
                    _log.warning("metadata is away: %s", error)
                self._away = str(error)
            await asyncio.sleep(self._refresh_pause)


def _without_defaults(**parameters: str) -> dict[str, str]:
    """Return the query parameters that an older neighbour has to know: those that are not empty."""
    return {name: value for name, value in parameters.items() if value}


def _size_of(assets: Assets) -> int:
    """Estimate the bytes that assets take in memory."""
    terms = assets.levels.terms if assets.levels else {}
    parts = [*assets.operands.values(), *assets.angle.values(), *terms.values()]
    parts += [assets.bathymetry] if assets.bathymetry else []
    steps = assets.steps
    arrays = (steps.raw, steps.seconds, steps.file, steps.position) if steps else ()
    own = 4_000 + sum(250 + len(file.path) for file in assets.files) + sum(len(array.data) for array in arrays)
    return own + sum(map(_size_of, parts))


def _is_key(name: str) -> bool:
    """Return whether a catalogue can have this name: servers split addresses at a slash, encoded or not."""
    return bool(name) and "/" not in name
