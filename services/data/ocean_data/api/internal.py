"""What neighbours ask, as MessagePack both ways."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody, SkipValidation

from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import TileField, TileRequest
from ocean_common.contracts.extractions import AnyAsked
from ocean_common.errors import InvalidRequest
from ocean_data.api.kinds import AtDesk
from ocean_data.compute.field import Tiles
from ocean_data.ports import Workers


@dataclass(frozen=True, kw_only=True)
class TileDesk:
    """Takes questions for the fields behind tiles. One thing, since several are given to a handler in tasks."""

    catalogue: Catalogue
    tiles: Tiles
    workers: Workers

    async def field(self, asked: TileRequest) -> TileField:
        """The field that is asked for."""
        names = asked.variable.split(",")
        assets = [await self.catalogue.assets(asked.dataset, name) for name in names[:3]]
        return await self.workers.run(self.tiles.field, assets, asked)


@get("/tile-field")
async def tile_field(
    request: Request[Any, Any, Any], tile_desk: NamedDependency[SkipValidation[TileDesk]]
) -> Response[bytes]:
    """The field behind a map tile."""
    asked = _read(lambda: msgspec.convert(dict(request.query_params), TileRequest, strict=False))
    return _packed(await tile_desk.field(asked))


@post("/extractions", status_code=200)
async def extractions(body: RawBody, desk: AtDesk) -> Response[bytes]:
    """Anything that can be extracted, whole."""
    asked = _read(lambda: msgspec.msgpack.decode(body, type=AnyAsked))
    return _packed(await desk.coverage(asked))


@post("/extractions/{form:str}", status_code=200)
async def extracted_file(
    request: Request[Any, Any, Any], body: RawBody, desk: AtDesk, form: FromPath[str]
) -> Response[Any]:
    """The same, written as the public routes write it."""
    asked = _read(lambda: msgspec.msgpack.decode(body, type=AnyAsked))
    return await desk.answer(request, asked, form)


def _read(convert: Any) -> Any:
    """Take a request apart; what is wrong with it is said as it stands."""
    try:
        return convert()
    except msgspec.MsgspecError as error:
        _, _, path = str(error).partition(" - at `$")
        raise InvalidRequest(str(error), field=path.strip("`.") or "$") from error


def _packed(answer: msgspec.Struct) -> Response[bytes]:
    return Response(msgspec.msgpack.encode(answer), media_type=MediaType.MESSAGEPACK)
