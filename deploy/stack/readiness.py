"""Waits until everything answers through the gateway, and finds examples that work with the datasets served."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from math import asinh, floor, pi, radians, tan
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

from stack.options import Refused
from stack.supervisor import Supervisor

API = "/api/v2.0"
DEADLINE = 180.0  # s in which the programs compute for less than WORK
WORK = 10.0  # s of processor time: more than health checks alone take
PAUSE, LONGEST_PAUSE = 0.05, 0.5  # s between two requests; doubles
REPORT = 20.0  # s between two lines on what is waited for
DOCS = ("metadata", "data", "plotting")
DATASETS_TRIED = 5  # for an example: the first may be on triangles, or broken
ZOOM = 4

Examples: TypeAlias = dict[str, str]  # kind → path


async def until(
    ready: Callable[[], Awaitable[str | None]],
    supervisor: Supervisor,
    write: Callable[[str], None],
    deadline: float = DEADLINE,
    work: float = WORK,
) -> None:
    """Ask again and again until ``ready`` has nothing more to wait for, as long as the programs compute something.

    A first start compiles; on a busy machine that takes minutes.
    """
    loop = asyncio.get_running_loop()
    began = reported = since = loop.time()
    used = supervisor.processor_time()
    pause = PAUSE
    while missing := await ready():
        supervisor.check()
        now, total = loop.time(), supervisor.processor_time()
        if total > used + work:
            since, used = now, total
        if now > since + deadline:
            reason = f"{missing} has not answered for {now - began:.0f} s, and nothing is computed"
            raise Refused(f"{reason} (logs: {supervisor.logs})")
        if now > reported + REPORT:
            reported = now
            write(f"waiting for {missing} since {now - began:.0f} s (logs: {supervisor.logs})")
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def alive(http: httpx.AsyncClient, urls: Mapping[str, str]) -> str | None:
    """Return the first of several services, by name, that does not answer yet."""
    for name, url in urls.items():
        try:
            response = await http.get(f"{url}/health/live")
        except httpx.TransportError:
            return name
        if response.is_error:
            return name
    return None


async def answering(http: httpx.AsyncClient, examples: Examples) -> str | None:
    """Return the first route that does not answer through the gateway yet; ``examples`` is filled."""
    try:
        for name in DOCS:
            if (await http.get(f"/{name}/openapi.json")).is_error:
                return f"/{name}/openapi.json"
        for path in ("/docs", f"{API}/plot/colormaps"):
            if (await http.get(path)).is_error:
                return path
        merged = await http.get("/openapi.json")
        if merged.is_error or "x-missing" in merged.json():
            return "/openapi.json"
        listing = await http.get(f"{API}/datasets")
        if listing.is_error:
            return f"{API}/datasets"
        return await _fill(http, listing.json(), examples)
    except httpx.TransportError:
        return "the gateway"


async def _fill(http: httpx.AsyncClient, datasets: list[dict[str, Any]], examples: Examples) -> str | None:
    """Find a tile and a plot that work; what the services refuse with a reason is not waited for."""
    for dataset in datasets[:DATASETS_TRIED]:
        for kind, path in (await _candidates(http, dataset)).items():
            if kind in examples:
                continue
            status = (await http.get(path)).status_code
            if status >= httpx.codes.INTERNAL_SERVER_ERROR:
                return path
            if status == httpx.codes.OK:
                examples[kind] = path
        if len(examples) == 2:
            break
    return None


async def _candidates(http: httpx.AsyncClient, dataset: dict[str, Any]) -> Examples:
    """Return a tile and a plot of the first variable of a dataset that has times."""
    page = f"{API}/dataset/{quote(dataset['id'], safe='')}"
    listed = await http.get(f"{page}/variables")
    variables = listed.json() if listed.is_success else []
    for variable in sorted(variables, key=lambda variable: variable["two_dimensional"])[:1]:
        key = variable["id"]
        times = (await http.get(f"{page}/{quote(key, safe='')}/timestamps")).json()
        if times:
            longitude, latitude = await _place(http, page, dataset)
            low, high = variable["scale"]
            tile = "/".join(map(str, _tile(longitude, latitude)))
            query = {"dataset": dataset["id"], "variable": [key], "station": [[latitude, longitude]]}
            encoded = quote(json.dumps({**query, "time": times[-1]["id"]}, separators=(",", ":")), safe=":,")
            path = f"{quote(dataset['id'], safe='')}/{quote(key, safe='')}/{times[-1]['id']}/0/{tile}"
            return {
                "tile": f"{API}/tiles/{path}?scale={low:g},{high:g}",
                "plot": f"{API}/plot/profile?format=png&query={encoded}",
            }
    return {}


async def _place(http: httpx.AsyncClient, page: str, dataset: dict[str, Any]) -> tuple[float, float]:
    """Return the longitude and latitude of a point in a dataset."""
    if location := dataset.get("default_location"):
        return float(location[0]), float(location[1])
    bounds = (await http.get(page)).json().get("bounds")
    if not bounds:
        return 0.0, 0.0
    west, south, east, north = bounds
    return round(west + (east - west) % 360 / 2, 2), round((south + north) / 2, 2)


def _tile(longitude: float, latitude: float) -> tuple[int, int, int]:
    """Return the Web Mercator tile that holds a point."""
    side = 2**ZOOM
    x = floor((longitude + 180) % 360 / 360 * side)
    y = floor((1 - asinh(tan(radians(min(85.0, max(-85.0, latitude))))) / pi) / 2 * side)
    return ZOOM, x, y
