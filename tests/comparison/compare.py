"""Compare what two checkouts answer, and print the differences only.

    python tests/comparison/compare.py BEFORE AFTER [--only openapi,recordings,pictures,requests,plots]

Each checkout is served by its own `deploy/run.py` in its own environment (`make .venv/dev`), with the sample data.

- openapi: the merged document and those of the three services, with references resolved. Prose and the names of
  components do not count; paths, parameters, constraints, answers, media types and members do.
- recordings: every recorded message of BEFORE is kept byte for byte, and AFTER decodes it (its tests/contracts).
- pictures: the recorded pictures of BEFORE are those of AFTER, and AFTER draws them.
- requests, plots: answers of requests.txt and of the gallery's queries: values, pixels and contents of files. Of an
  error count the status, the type and the fields; of a page only that it is there.
"""

import argparse
import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import mapbox_vector_tile
import netCDF4
import numpy as np
from PIL import Image

HERE = Path(__file__).parent
DOCUMENTS = ("/openapi.json", "/metadata/openapi.json", "/data/openapi.json", "/plotting/openapi.json")
API = "/api/v2.0/"
READY = 300.0  # s
PROSE = {"summary", "description", "title", "example", "examples", "operationId", "tags", "info", "x-conflicts"}
VOLATILE = {"request_id", "at", "indexed", "updated", "revision", "mtime", "git_hash", "git_tag"}  # of a run
STAMPS = {"history", "date_created", "date_modified", "id", "uuid", "source_revision"}  # of a file
DIFFERENT = 8  # of 255: a colour that anybody sees to be another
PARTS = ("openapi", "recordings", "pictures", "requests", "plots")
FORMATS = ("csv", "stats", "png")


@contextlib.contextmanager
def serve(checkout: Path, folder: Path, port: int) -> Iterator[httpx.Client]:
    """Serve the sample data of a checkout as `make run` does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OCEAN_", "PYTHON"))}
    command = [checkout / ".venv/bin/python", checkout / "deploy/run.py", "--state", folder / f"state{port}"]
    command += ["--port", str(port), "--https-port", str(port + 1)]
    log = folder / f"{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        deadline = time.monotonic() + READY
        while "is ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{checkout} cannot be served:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
            while http.get(f"{API}observation/datatypes.json").json() == []:  # they are imported meanwhile
                time.sleep(0.5)
            yield http
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def resolve(node: Any, document: dict[str, Any], above: tuple[str, ...] = ()) -> Any:
    """Put what references point to in their place, and leave prose out."""
    if isinstance(node, list):
        resolved = [resolve(item, document, above) for item in node]
        return sorted(resolved, key=str) if all(isinstance(item, str) for item in resolved) else resolved
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        reference = node["$ref"]
        if reference in above:
            return {"recursive": above[::-1].index(reference)}
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        return resolve(target, document, (*above, reference))
    return {
        name: resolve_members(name, value, document, above)
        for name, value in node.items()
        if name not in PROSE or not isinstance(value, (str, list, dict)) or is_schema(name, value)
    }


def is_schema(name: str, value: Any) -> bool:
    """Tell a member that is called like prose (a property `title`) from prose."""
    return name != "examples" and isinstance(value, dict) and bool({"type", "$ref", "oneOf", "anyOf"} & value.keys())


def resolve_members(name: str, value: Any, document: dict[str, Any], above: tuple[str, ...]) -> Any:
    """Resolve a member; parameters are told by place and name, not by their order."""
    resolved = resolve(value, document, above)
    if name == "parameters" and isinstance(resolved, list):
        return {f"{item.get('in')} {item.get('name')}": item for item in resolved}
    if name in {"oneOf", "anyOf"} and isinstance(resolved, list):
        return sorted(resolved, key=lambda item: json.dumps(item, sort_keys=True))
    return resolved


def list_differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """List where two documents differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys(), key=str):
            if name in VOLATILE:
                continue
            if name not in after:
                yield f"{path}/{name}: removed"
            elif name not in before:
                yield f"{path}/{name}: added: {str(after[name])[:100]}"
            else:
                yield from list_differences(before[name], after[name], f"{path}/{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (item, other) in enumerate(zip(before, after, strict=True)):
            yield from list_differences(item, other, f"{path}/{number}")
    elif before != after and not (isinstance(before, float) and isinstance(after, float) and close(before, after)):
        yield f"{path}: {str(before)[:100]} → {str(after)[:100]}"


def close(one: float, other: float) -> bool:
    """Compare numbers as far as single precision goes."""
    return bool(np.isclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True))


def compare_documents(before: httpx.Client, after: httpx.Client) -> Iterator[str]:
    """Compare the OpenAPI documents."""
    for address in DOCUMENTS:
        item, other = (http.get(address).json() for http in (before, after))
        yield from list_differences(resolve(item["paths"], item), resolve(other["paths"], other), address)


def parse_requests(text: str) -> Iterator[tuple[str, Any]]:
    """Read the paths, and the bodies of those that are posted."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            result = re.fullmatch(r"(\S+) (\{.*\})", line)
            path, body = (result[1], json.loads(result[2])) if result else (line, None)
            yield quote(path, safe="/?&=%,:;.*~"), body


def gallery_requests(checkout: Path) -> Iterator[tuple[str, Any]]:
    """Queries of the gallery as a table, as statistics and as a picture, in both languages."""
    cases = json.loads((checkout / "docs/gallery/cases.json").read_text("utf-8"))
    for number, case in enumerate(cases.values()):
        for form in FORMATS:
            language = ("en", "fr")[(number + FORMATS.index(form)) % 2]
            yield f"plot/{case['kind']}?format={form}&lang={language}&size=6x4&dpi=60", case["query"]


def ask(http: httpx.Client, path: str, body: Any) -> httpx.Response:
    """Send a request; one that is told to wait does so."""
    for _ in range(5):
        response = http.get(API + path) if body is None else http.post(API + path, json=body)
        if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(1)
    return response


def compare_answers(before: httpx.Client, after: httpx.Client, requests: list[tuple[str, Any]]) -> Iterator[str]:
    """Compare the answers to each request."""
    for path, body in requests:
        item, other = (ask(http, path, body) for http in (before, after))
        where = path if body is None else f"{path} {json.dumps(body)[:80]}"
        if item.status_code != other.status_code:
            yield f"{where}: status {item.status_code} → {other.status_code}: {other.text[:200]}"
            continue
        kinds = [response.headers.get("content-type", "") for response in (item, other)]
        if kinds[0] != kinds[1]:
            yield f"{where}: {kinds[0]} → {kinds[1]}"
            continue
        yield from (f"{where}: {text}" for text in compare_contents(kinds[0].partition(";")[0], item, other))


def compare_contents(kind: str, before: httpx.Response, after: httpx.Response) -> Iterator[str]:
    """Compare two answers of one media type."""
    if strip_address(before) == strip_address(after) or kind == "text/html":
        return
    if kind == "application/problem+json":
        yield from list_differences(*(outline_problem(response.json()) for response in (before, after)))
    elif kind == "application/x-ndjson":
        yield from list_differences(
            *([json.loads(line) for line in response.iter_lines()] for response in (before, after))
        )
    elif kind.endswith("json"):
        yield from list_differences(before.json(), after.json())
    elif kind.startswith("image/"):
        yield from compare_pictures(before.content, after.content)
    elif before.content[:2] == b"PK":
        yield from compare_archives(before.content, after.content)
    elif kind == "application/vnd.mapbox-vector-tile":
        yield from list_differences(*(mapbox_vector_tile.decode(response.content) for response in (before, after)))
    elif "netcdf" in kind:
        yield from list_differences(describe_netcdf(before.content), describe_netcdf(after.content))
    elif kind.startswith("text/") or kind == "application/x-python":
        yield from list_differences(*(split_table(strip_address(response).decode()) for response in (before, after)))
    else:
        yield f"{len(before.content)} bytes of {kind} differ"


def strip_address(response: httpx.Response) -> bytes:
    """Return the content without the address of the server, which is told in scripts."""
    return response.content.replace(f"127.0.0.1:{response.url.port}".encode(), b"HOST")


def outline_problem(problem: dict[str, Any]) -> dict[str, Any]:
    """Keep of a problem what programs go by."""
    fields = [error.get("field") for error in problem.get("errors", [])]
    return {"type": problem.get("type"), "status": problem.get("status"), "fields": fields, "members": list(problem)}


def compare_pictures(before: bytes, after: bytes) -> Iterator[str]:
    """Compare the pixels of two pictures."""
    item, other = (np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(int) for data in (before, after))
    if item.shape != other.shape:
        yield f"size {item.shape} → {other.shape}"
        return
    share = float((np.abs(item - other).max(axis=2) > DIFFERENT).mean())
    if share > 0:
        yield f"{share:.3%} of the pixels differ"


def compare_archives(before: bytes, after: bytes) -> Iterator[str]:
    """Compare what is in two zip files."""
    item, other = (zipfile.ZipFile(io.BytesIO(data)) for data in (before, after))
    if item.namelist() != other.namelist():
        yield f"{item.namelist()} → {other.namelist()}"
        return
    for name in item.namelist():
        if name.endswith(".nc"):
            yield from list_differences(describe_netcdf(item.read(name)), describe_netcdf(other.read(name)), name)


def describe_netcdf(content: bytes) -> dict[str, Any]:
    """List the dimensions, attributes and values of a NetCDF file."""
    with netCDF4.Dataset("memory", memory=content) as data:
        data.set_auto_maskandscale(False)
        described: dict[str, Any] = {
            "model": data.data_model,
            "dimensions": {name: len(dimension) for name, dimension in data.dimensions.items()},
            "attributes": {name: str(data.getncattr(name)) for name in data.ncattrs() if name not in STAMPS},
        }
        for name, variable in data.variables.items():
            described[name] = {
                "type": str(variable.dtype),
                "dimensions": variable.dimensions,
                "attributes": {key: str(variable.getncattr(key)) for key in variable.ncattrs()},
                "values": np.asarray(variable[...]).ravel().tolist(),
            }
    return described


def split_table(text: str) -> list[list[Any]]:
    """Split a table into rows of texts and numbers."""
    return [[as_number(cell) for cell in re.split(r",|\t", line)] for line in text.splitlines()]


def as_number(cell: str) -> str | float:
    """Take a cell for a number where it is one."""
    try:
        return float(cell)
    except ValueError:
        return cell.strip()


def compare_recordings(before: Path, after: Path) -> Iterator[str]:
    """Compare the recorded messages, and let AFTER decode them."""
    folder = "tests/contracts/recordings"
    yield from compare_folders(before / folder, after / folder)
    yield from run_own_tests(after, "tests/contracts")


def compare_recorded_pictures(before: Path, after: Path) -> Iterator[str]:
    """Compare the recorded pictures, and let AFTER draw them."""
    folder = "tests/plotting/recorded"
    yield from compare_folders(before / folder, after / folder)
    yield from run_own_tests(after, "tests/plotting/test_plotting_pictures.py")


def compare_folders(before: Path, after: Path) -> Iterator[str]:
    """List files of a folder that are gone, or have other bytes."""
    for path in sorted(before.rglob("*")):
        other = after / path.relative_to(before)
        if path.is_file() and not other.is_file():
            yield f"{other}: removed"
        elif path.is_file() and path.read_bytes() != other.read_bytes():
            if path.suffix == ".png":
                yield from (f"{other}: {text}" for text in compare_pictures(path.read_bytes(), other.read_bytes()))
            else:
                yield f"{other}: changed"


def run_own_tests(checkout: Path, tests: str) -> Iterator[str]:
    """Run tests of a checkout in its environment."""
    command = [checkout / ".venv/bin/pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", tests]
    completed = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    if completed.returncode:
        yield f"{tests}: {completed.stdout[-500:]}"


def main() -> int:
    """Print the differences; the exit code says whether there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--only", default=",".join(PARTS), help="parts with commas between")
    parser.add_argument("--port", type=int, default=18731, help="the first of four ports")
    options = parser.parse_args()
    before, after, parts = options.before.resolve(), options.after.resolve(), options.only.split(",")
    count = 0

    def report(part: str, differences: Iterator[str]) -> None:
        nonlocal count
        for text in differences:
            count += 1
            print(f"{part}: {text}", flush=True)

    if "recordings" in parts:
        report("recordings", compare_recordings(before, after))
    if "pictures" in parts:
        report("pictures", compare_recorded_pictures(before, after))
    if {"openapi", "requests", "plots"} & set(parts):
        with (
            tempfile.TemporaryDirectory(prefix="compare-") as folder,
            serve(before, Path(folder), options.port) as item,
            serve(after, Path(folder), options.port + 2) as other,
        ):
            if "openapi" in parts:
                report("openapi", compare_documents(item, other))
            if "requests" in parts:
                text = (HERE / "requests.txt").read_text("utf-8")
                report("requests", compare_answers(item, other, list(parse_requests(text))))
            if "plots" in parts:
                report("plots", compare_answers(item, other, list(gallery_requests(before))))
    print(f"{count} differences", flush=True)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
