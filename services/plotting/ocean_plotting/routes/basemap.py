"""Land, relief and depth contours beneath the data: they come with a later version, and say so."""

from litestar import get
from litestar.params import FromPath

from ocean_common.errors import NotFound


@get(["/tiles/topo/{zoom:int}/{x:int}/{y:int}", "/tiles/bath/{zoom:int}/{x:int}/{y:int}"], include_in_schema=False)
async def relief(zoom: FromPath[int], x: FromPath[int], y: FromPath[int]) -> None:  # noqa: ARG001 - the address has them
    """Topography and depth contours."""
    raise NotFound("tiles of topography and of depth contours come with a later version")


@get("/mbt/{kind:str}/{zoom:int}/{x:int}/{y:int}", include_in_schema=False)
async def vector(kind: FromPath[str], zoom: FromPath[int], x: FromPath[int], y: FromPath[int]) -> None:  # noqa: ARG001 - the address has them
    """Vector tiles of land and depth contours."""
    raise NotFound("vector tiles come with a later version")


HANDLERS = [relief, vector]
