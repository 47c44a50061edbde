# mypy: ignore-errors
"""The functions behind FastAPI, served by uvicorn; evidence.py starts it.

EVIDENCE_MODE is `async` (work in `async def`, as it is often written by mistake), `threads` (work in `def`), or `pool`.
"""

import asyncio
import os
import sys

import uvicorn
from evidence_work import MODE, create_pool, draw_in_worker, open_work
from fastapi import FastAPI, Response

app = FastAPI()


@app.get("/empty")
async def get_nothing() -> dict[str, str]:
    """Answer as little as there is."""
    return {"status": "ok"}


def add_async(work) -> None:
    """Add routes that work on the event loop."""

    @app.get("/tile/{step}/{zoom}/{x}/{y}")
    async def get_tile(step: int, zoom: int, x: int, y: int) -> Response:
        return Response(work.draw_tile(step, zoom, x, y), media_type="image/png")

    @app.get("/plot/{number}")
    async def get_plot(number: int) -> Response:
        return Response(work.draw_plot(number), media_type="image/png")


def add_threads(work) -> None:
    """Add routes that work in the threads of the framework."""

    @app.get("/tile/{step}/{zoom}/{x}/{y}")
    def get_tile(step: int, zoom: int, x: int, y: int) -> Response:
        return Response(work.draw_tile(step, zoom, x, y), media_type="image/png")

    @app.get("/plot/{number}")
    def get_plot(number: int) -> Response:
        return Response(work.draw_plot(number), media_type="image/png")


def add_pool(work) -> None:
    """Add routes that draw tiles in threads, and plots in worker processes."""
    pool = create_pool()

    @app.get("/tile/{step}/{zoom}/{x}/{y}")
    def get_tile(step: int, zoom: int, x: int, y: int) -> Response:
        return Response(work.draw_tile(step, zoom, x, y), media_type="image/png")

    @app.get("/plot/{number}")
    async def get_plot(number: int) -> Response:
        picture = await asyncio.get_running_loop().run_in_executor(pool, draw_in_worker, number)
        return Response(picture, media_type="image/png")


def main(port: int) -> None:
    """Serve one process, as uvicorn does unless it is told otherwise."""
    work = open_work()

    @app.get("/datasets")
    async def get_datasets() -> Response:
        return Response(work.list_datasets(), media_type="application/json")

    {"async": add_async, "threads": add_threads, "pool": add_pool}[os.environ[MODE]](work)
    uvicorn.run(app, port=port, access_log=False, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]))
