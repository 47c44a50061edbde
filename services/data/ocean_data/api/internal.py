"""Routes for other services, MessagePack both ways."""

from typing import Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.params import FromPath, RawBody

from ocean_common.contracts.data import AnyExtractionRequest, Coverage, MapRequest, TileRequest
from ocean_core.errors import InvalidRequest
from ocean_data.api.maps import find_variables
from ocean_data.api.parameters import HttpRequest, Service
from ocean_data.compute.field import map_field, tile_field


@get("/tile-field")
async def get_tile_field(request: HttpRequest, service: Service) -> Response[bytes]:
    """Return the field behind a map tile."""
    query = _decode(lambda: msgspec.convert(dict(request.query_params), TileRequest, strict=False))
    assets = await find_variables(service.catalogue, query.dataset, query.variable)
    return _encode(await service.workers.run(tile_field, service.reading, assets, query))


@post("/map-field", status_code=200)
async def get_map_field(body: RawBody, service: Service) -> Response[bytes]:
    """Return the field behind a map of any box."""
    query = _decode(lambda: msgspec.msgpack.decode(body, type=MapRequest))
    assets = await find_variables(service.catalogue, query.dataset, query.variable)
    return _encode(await service.workers.run(map_field, service.reading, assets, query))


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


@post("/coverages/{form:str}", status_code=200)
async def write_coverage(body: RawBody, service: Service, form: FromPath[str]) -> Response[bytes]:
    """Write values that are made from extractions, as the public routes write these."""
    return await service.write(_decode(lambda: msgspec.msgpack.decode(body, type=Coverage)), form)


def _decode(convert: Any) -> Any:
    """Decode a request, or raise InvalidRequest with the text of the decoder."""
    try:
        return convert()
    except msgspec.MsgspecError as error:
        _, _, path = str(error).partition(" - at `$")
        raise InvalidRequest(str(error), field=path.strip("`.") or "$") from error


def _encode(answer: msgspec.Struct) -> Response[bytes]:
    return Response(msgspec.msgpack.encode(answer), media_type=MediaType.MESSAGEPACK)


HANDLERS = [get_tile_field, get_map_field, get_coverage, get_extraction_file, write_coverage]
