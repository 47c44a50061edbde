"""Routes for neighbours, MessagePack both ways."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody, SkipValidation

from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import AnyExtractionRequest, TileField, TileRequest
from ocean_core.errors import InvalidRequest
from ocean_data.api.parameters import HttpRequest, Service
from ocean_data.compute.field import Tiles
from ocean_data.threads import ThreadPool


@dataclass(frozen=True, kw_only=True)
class TileFieldService:
    """Answers requests for the fields behind tiles. One object, since Litestar resolves each dependency in a task."""

    catalogue: Catalogue
    tiles: Tiles
    workers: ThreadPool

    async def read_field(self, query: TileRequest) -> TileField:
        """Read the field of a tile."""
        names = query.variable.split(",")
        assets = [await self.catalogue.assets(query.dataset, name) for name in names[:3]]
        return await self.workers.run(self.tiles.field, assets, query)


@get("/tile-field")
async def get_tile_field(
    request: HttpRequest, tile_fields: NamedDependency[SkipValidation[TileFieldService]]
) -> Response[bytes]:
    """Return the field behind a map tile."""
    query = _decode(lambda: msgspec.convert(dict(request.query_params), TileRequest, strict=False))
    return _encode(await tile_fields.read_field(query))


@post("/extractions", status_code=200)
async def get_coverage(body: RawBody, service: Service) -> Response[bytes]:
    """Return any extraction, whole."""
    query = _decode(lambda: msgspec.msgpack.decode(body, type=AnyExtractionRequest))
    return _encode(await service.coverage(query))


@post("/extractions/{form:str}", status_code=200)
async def get_extraction_file(
    request: HttpRequest, body: RawBody, service: Service, form: FromPath[str]
) -> Response[Any]:
    """Return any extraction, written as the public routes write it."""
    query = _decode(lambda: msgspec.msgpack.decode(body, type=AnyExtractionRequest))
    return await service.answer(request, query, form)


def _decode(convert: Any) -> Any:
    """Decode a request, or raise InvalidRequest with the words of the decoder."""
    try:
        return convert()
    except msgspec.MsgspecError as error:
        _, _, path = str(error).partition(" - at `$")
        raise InvalidRequest(str(error), field=path.strip("`.") or "$") from error


def _encode(answer: msgspec.Struct) -> Response[bytes]:
    return Response(msgspec.msgpack.encode(answer), media_type=MediaType.MESSAGEPACK)
