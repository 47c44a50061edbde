"""The server, its datasets, and what they answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import netCDF4
import xarray as xr
from tqdm.auto import tqdm

API = "/api/v2.0"
PAGE = 100  # datasets of a page of a search
PIECE = 1 << 20  # bytes that are written at once
TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # s

Point = tuple[float, float]
"""Latitude and longitude, degrees."""

Keys = str | Sequence[str]
"""Key of a variable, or several."""


class OceanNavigatorError(Exception):
    """A request that the server refused, or could not answer."""

    def __init__(self, status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = list(errors)
        """Wrong parameters: `field`, `message`, and `allowed` values where there are some."""

    @classmethod
    def of(cls, response: httpx.Response) -> Self:
        """Return the error of a response, which is a problem of RFC 9457."""
        try:
            problem = response.json()
        except ValueError:
            return cls(response.status_code, response.text[:200] or response.reason_phrase)
        return cls(response.status_code, problem.get("detail", ""), problem.get("errors", []))


@dataclass(frozen=True)
class Picture:
    """A plot; notebooks show it."""

    content: bytes
    alt: str = ""  # the picture in words

    def _repr_png_(self) -> bytes:
        return self.content

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; return its path."""
        path = Path(path)
        path.write_bytes(self.content)
        return path


class OceanNavigator:
    """A server; use it as a context manager, or close it.

    ``language``: `en` or `fr`, of names and errors. ``http``: an own client, with its base address.
    """

    def __init__(self, url: str = "", *, language: str = "en", http: httpx.Client | None = None) -> None:
        self._http = http or httpx.Client(base_url=url, timeout=TIMEOUT, follow_redirects=True)
        self._owns = http is None
        self._headers = {"accept-language": language}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._owns:
            self._http.close()

    def request(self, path: str, /, **query: Any) -> httpx.Response:
        """Get a path of the API; OceanNavigatorError if it is refused. Parameters that are None are left out."""
        response = self._http.get(API + path, params=_present(query), headers=self._headers)
        if response.is_error:
            raise OceanNavigatorError.of(response)
        return response

    def datasets(self) -> list[dict[str, Any]]:
        """List all datasets."""
        found: list[dict[str, Any]] = self.request("/datasets").json()
        return found

    def search(
        self, words: str | None = None, *, bbox: Sequence[float] | None = None, **conditions: Any
    ) -> Iterator[dict[str, Any]]:
        """Search datasets, the best first, page by page.

        ``bbox``: west, south, east, north. ``conditions``: `start`, `end`, `variable`, `standard_name`, `group`.
        """
        offset, total = 0, 1
        where = None if bbox is None else ",".join(map(str, bbox))
        while offset < total:
            page = self.request("/datasets/search", q=words, bbox=where, limit=PAGE, offset=offset, **conditions).json()
            yield from page["results"]
            offset, total = offset + PAGE, page["total"]

    def dataset(self, name: str) -> "Dataset":
        """Return the dataset of an id; OceanNavigatorError if there is none."""
        return Dataset(self, self.request(f"/dataset/{quote(name, safe='')}").json())

    def download(self, path: str, target: str | Path, /, *, progress: bool = True, **query: Any) -> Path:
        """Get a file of the API, with a progress bar; it is whole, or not there."""
        target = Path(target)
        part = target.with_name(target.name + ".part")
        try:
            with self._http.stream("GET", API + path, params=_present(query), headers=self._headers) as response:
                if response.is_error:
                    response.read()
                    raise OceanNavigatorError.of(response)
                length = int(response.headers.get("content-length", 0)) or None
                with (
                    part.open("wb") as file,
                    tqdm(total=length, unit="B", unit_scale=True, desc=target.name, disable=not progress) as bar,
                ):
                    for piece in response.iter_bytes(PIECE):
                        file.write(piece)
                        bar.update(len(piece))
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target


@dataclass(frozen=True)
class Dataset:
    """A dataset of a server."""

    server: OceanNavigator
    description: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """Id of the dataset."""
        return str(self.description["id"])

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Variables by their keys: names, units, limits of colours."""
        listed = self.server.request(f"/dataset/{quote(self.id, safe='')}/variables").json()
        return {variable["id"]: variable for variable in listed}

    def times(self, variable: str) -> list[str]:
        """List the time steps of a variable, in ISO 8601."""
        steps = self.server.request(f"/dataset/{quote(self.id, safe='')}/{quote(variable, safe='')}/timestamps").json()
        return [step["value"] for step in steps]

    def point(self, variables: Keys, latitude: float, longitude: float, **options: Any) -> xr.Dataset:
        """Read variables at a point, at the last time if none is given."""
        return self._read(variables, "point", latitude=latitude, longitude=longitude, **options)

    def profile(
        self, variables: Keys, latitude: float, longitude: float, *, time: str = "-1", **options: Any
    ) -> xr.Dataset:
        """Read variables over depth at a point, at the last time if none is given."""
        return self._read(variables, "profile", latitude=latitude, longitude=longitude, time=time, **options)

    def timeseries(
        self, variables: Keys, latitude: float, longitude: float, *, depth: str = "0", **options: Any
    ) -> xr.Dataset:
        """Read variables through time at a point: all times, or those from `start` to `end`."""
        return self._read(variables, "timeseries", latitude=latitude, longitude=longitude, depth=depth, **options)

    def transect(self, variables: Keys, path: Sequence[Point], **options: Any) -> xr.Dataset:
        """Read variables over depth beneath a path."""
        return self._read(variables, "transect", path=_join_points(path), **options)

    def section(self, variables: Keys, path: Sequence[Point], **options: Any) -> xr.Dataset:
        """Read variables at one level along a path through time."""
        return self._read(variables, "section", path=_join_points(path), **options)

    def area(self, variables: Keys, bbox: Sequence[float], **options: Any) -> xr.Dataset:
        """Read variables in a box: west, south, east, north, degrees."""
        return self._read(variables, "area", bbox=",".join(map(str, bbox)), **options)

    def download(
        self, target: str | Path, variables: Keys, bbox: Sequence[float], *, progress: bool = True, **options: Any
    ) -> Path:
        """Write variables in a box to a NetCDF file, with a progress bar."""
        box = ",".join(map(str, bbox))
        return self.server.download(self._path(variables, "area.nc"), target, progress=progress, bbox=box, **options)

    def plot(self, kind: str = "map", *, size: str | None = None, dpi: int | None = None, **query: Any) -> Picture:
        """Draw a plot: `profile`, `timeseries`, `transect`, `map`, … with the members of its query."""
        text = json.dumps({"dataset": self.id, **query})
        response = self.server.request(f"/plot/{quote(kind, safe='')}", query=text, format="png", size=size, dpi=dpi)
        return Picture(response.content, response.headers.get("alt-text", ""))

    def _path(self, variables: Keys, query: str) -> str:
        keys = variables if isinstance(variables, str) else ",".join(variables)
        return f"/data/{quote(self.id, safe='')}/{quote(keys, safe=',')}/{query}"

    def _read(self, variables: Keys, query: str, **options: Any) -> xr.Dataset:
        content = self.server.request(self._path(variables, f"{query}.nc"), **options).content
        with netCDF4.Dataset(f"{query}.nc", memory=content) as file:
            store = xr.backends.NetCDF4DataStore(file)  # type: ignore[no-untyped-call]
            return xr.open_dataset(store).load()


def _present(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _join_points(path: Sequence[Point]) -> str:
    return ";".join(f"{latitude},{longitude}" for latitude, longitude in path)
