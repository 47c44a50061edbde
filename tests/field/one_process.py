"""The three services in one process, over the files of a folder or of a configuration, routed as by the gateway."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from anyio.from_thread import start_blocking_portal

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_data.app import create_app as create_data_app
from ocean_data.reading.base import ThreadPool
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import MIB
from ocean_metadata.app import create_app as create_metadata_app
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.catalogue.model import DatasetRecord, StepArrays
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter
from ocean_metadata.index.watch import DatasetIndexer, reading_version
from ocean_plotting.app import create_app as create_plotting_app
from ocean_plotting.workers import FigureRenderer

API = "/api/v2.0"
SERVICES = {
    "data": ("range/", "subset/", "data/", "tiles/quiver/"),
    "plotting": ("tiles/", "scale/", "plot/"),
    "metadata": ("",),
}


@contextmanager
def index_files(database: Path, **sources: Any) -> Iterator[Catalogue]:
    """Index the files of a folder or of a configuration."""
    engine = connect(str(database))
    create_tables(engine)
    DatasetIndexer(CatalogueWriter(engine, reading_version()), threading.Event(), **sources).run()
    catalogue = Catalogue(engine)
    catalogue.refresh()
    yield catalogue
    engine.dispose()


class OneProcess:
    """The services over indexed files; ``get`` answers as the gateway would. Use it as a context manager."""

    def __init__(self, database: Path, **sources: Any) -> None:
        self._stack = ExitStack()
        self.catalogue = self._stack.enter_context(index_files(database, **sources))

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal())
        self._clients = self._stack.enter_context(self._portal.wrap_async_context_manager(self._serve()))
        return self

    @asynccontextmanager
    async def _serve(self) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        source, workers = NetCDFSource(64, 64 * MIB), ThreadPool(2, 100)
        metadata = create_metadata_app(self.catalogue)
        async with AsyncExitStack() as stack:
            stack.callback(source.close)
            stack.callback(workers.close)
            catalogue, names = [
                await stack.enter_async_context(
                    MetadataClient("http://metadata", httpx.ASGITransport(metadata), files=files, refresh=3600)
                )
                for files in (True, False)
            ]
            data = create_data_app(catalogue=catalogue, areas=catalogue, source=source, workers=workers)
            numbers = DataClient("http://data", httpx.ASGITransport(data))
            plotting = create_plotting_app(catalogue=names, numbers=numbers, drawing=FigureRenderer())
            clients = {}
            self._apps = {"metadata": metadata, "data": data, "plotting": plotting}
            for name, app in self._apps.items():
                await stack.enter_async_context(app.lifespan())
                client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}{API}/")
                clients[name] = await stack.enter_async_context(client)
            yield clients

    def get(self, path: str, body: Any = None) -> httpx.Response:
        """Send a request below the API's root; with a body it is a POST."""
        client = next(self._clients[name] for name, begins in SERVICES.items() if path.startswith(begins))
        return self._portal.call(self._send, client, path, body)

    @staticmethod
    async def _send(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
        return await client.request("GET" if body is None else "POST", path, json=body)

    def steps(self, record: DatasetRecord) -> list[StepArrays]:
        """Return the time steps of all axes of a dataset."""
        return [self._portal.call(self.catalogue.steps, record, time) for time in range(len(record.times))]

    @contextmanager
    def listen(self, service: str = "data") -> Iterator[str]:
        """Serve a service at an address of this machine, for clients that need one."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = uvicorn.Server(uvicorn.Config(self._apps[service], log_config=None, lifespan="off"))
            served = self._portal.start_task_soon(partial(server.serve, [listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
                served.result()

    def __exit__(self, *_: object) -> None:
        self._stack.close()
