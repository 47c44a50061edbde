"""Servers of others on this machine, for tests: `opendap FOLDER` or `s3`. Tells its port, and ends with its input."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import netCDF4
from moto.server import DomainDispatcherApplication, create_backend_app
from pydap.handlers.lib import BaseHandler
from pydap.model import BaseType, DatasetType, GridType

TYPES = {"i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"}  # that DAP 2.0 has


class Server(ThreadingMixIn, WSGIServer):
    """Answers several at once."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def opendap(folder: str) -> Callable[..., Any]:
    """The files of a folder, as pydap serves them, opened anew for each request."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        path = Path(folder, Path(environ["PATH_INFO"]).stem)
        if not path.exists():
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"there is no such file"]
        return BaseHandler(described(path))(environ, start)

    return answer


def described(path: Path) -> DatasetType:
    """The numbers of a file; those with coordinates along all dimensions as grids."""
    created = DatasetType(path.stem)
    with netCDF4.Dataset(path) as opened:
        opened.set_auto_maskandscale(False)
        numbers = {name: item for name, item in opened.variables.items() if item[...].dtype.str[1:] in TYPES}
        for name, item in numbers.items():
            output = {key: item.getncattr(key) for key in item.ncattrs()}
            array = BaseType(name, item[...], dims=item.dimensions, attributes=output)
            created[name] = array
            if item.ndim > 1 and all(axis in numbers for axis in item.dimensions):
                created[name] = GridType(name, attributes=output)
                created[name][name] = array
                for axis in item.dimensions:
                    created[name][axis] = BaseType(axis, opened[axis][...], dims=(axis,))
    return created


def s3() -> Callable[..., Any]:
    """Buckets, as moto has them."""
    app: Callable[..., Any] = DomainDispatcherApplication(create_backend_app)
    return app


if __name__ == "__main__":
    application = {"opendap": opendap, "s3": s3}[sys.argv[1]](*sys.argv[2:])
    with make_server("127.0.0.1", 0, application, Server, Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()
