"""Client of the data service."""

import httpx
import msgspec

from ocean_common.clients.http import Neighbour, segment
from ocean_common.contracts.data import BLOCKS, AnyExtractionRequest, Coverage, MapRequest, TileField, TileRequest


class DataClient:
    """Data service over HTTP."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = Neighbour("data", url, transport)

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()

    async def away(self) -> str | None:
        """Return why the data service does not answer; None if it does."""
        return await self._http.away()

    async def tile_field(self, request: TileRequest) -> TileField:
        """Return the field behind a map tile.

        The instance that is asked has the levels and the index maps of the tile's block, of all time steps.
        """
        side = max(BLOCKS.values())
        block = (request.x // side, request.y // side)
        parts = (request.dataset, request.variable, request.depth, request.projection, request.zoom, *block)
        hash_key = repr(parts).encode()
        return await self._http.get("/internal/tile-field", TileField, hash_key, **msgspec.to_builtins(request))

    async def map_field(self, request: MapRequest) -> TileField:
        """Return the field behind a map of any box, from the instance that has its levels and its index map."""
        hash_key = repr((request.dataset, request.variable, request.depth, request.crs, request.box)).encode()
        return await self._http.post("/internal/map-field", request, TileField, hash_key)

    async def extract(self, request: AnyExtractionRequest) -> Coverage:
        """Return values at points, along lines or over areas."""
        return await self._http.post("/internal/extractions", request, Coverage)

    async def write(self, coverage: Coverage, form: str) -> bytes:
        """Return a coverage as a file in a format of the data service, as `netcdf`."""
        return await self._http.post(f"/internal/coverages/{segment(form)}", coverage, bytes)

    async def file(self, request: AnyExtractionRequest, form: str) -> bytes:
        """Return the same as a file in a format of the data service, as `netcdf`."""
        return await self._http.post(f"/internal/extractions/{segment(form)}", request, bytes)
