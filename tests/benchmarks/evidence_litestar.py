"""The functions behind Litestar, the framework of the services, with a pool of processes; evidence.py starts it."""

import asyncio
import sys

import uvicorn
from evidence_work import create_pool, draw_in_worker, open_work
from litestar import Litestar, Response, get
from litestar.params import FromPath


@get("/empty")
async def get_nothing() -> dict[str, str]:
    """Answer as little as there is."""
    return {"status": "ok"}


def main(port: int) -> None:
    """Serve one process."""
    work, pool = open_work(), create_pool()

    @get("/datasets")
    async def get_datasets() -> Response[bytes]:
        return Response(work.list_datasets(), media_type="application/json")

    @get("/tile/{step:int}/{zoom:int}/{x:int}/{y:int}", sync_to_thread=True)
    def get_tile(step: FromPath[int], zoom: FromPath[int], x: FromPath[int], y: FromPath[int]) -> Response[bytes]:
        return Response(work.draw_tile(step, zoom, x, y), media_type="image/png")

    @get("/plot/{number:int}")
    async def get_plot(number: FromPath[int]) -> Response[bytes]:
        picture = await asyncio.get_running_loop().run_in_executor(pool, draw_in_worker, number)
        return Response(picture, media_type="image/png")

    app = Litestar([get_nothing, get_datasets, get_tile, get_plot], openapi_config=None)
    uvicorn.run(app, port=port, access_log=False, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]))
