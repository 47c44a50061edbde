"""Draws the gallery: ``make gallery`` serves the sample data and writes every picture, and the page.

The pictures are those of cases.json; a kind of plot that has no case of its name there is drawn from its example. With
an address (``python docs/gallery/make.py http://127.0.0.1:8080``) it asks a gateway that runs already.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
from PIL import Image

from ocean_plotting.plots import KINDS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SIZE, DPI = "11x7", 80
LANGUAGES = ("en", "fr")
PATIENCE = 120.0  # s until everything is served
PORTS = (18790, 18791)
HEAD = """# Gallery

Every kind of plot, drawn from the sample data by `make gallery` (size {size}, {dpi} dpi), in English and in French.
Below each picture stand the words that go with it for those who cannot see it, and the request; numbers come from the
same address with another `format`.
"""


def main(arguments: list[str]) -> None:
    """Write the pictures and the page."""
    cases = json.loads((HERE / "cases.json").read_text("utf-8"))
    cases |= {
        name: {"title": kind.summary, "kind": name, "query": kind.example}
        for name, kind in KINDS.items()
        if name not in cases
    }
    with _served(arguments) as gateway, httpx.Client(base_url=gateway, timeout=90) as http:
        _await_observations(http)
        parts = [HEAD.format(size=SIZE, dpi=DPI), *(_case(http, name, case) for name, case in cases.items())]
    (HERE / "README.md").write_text("\n".join(parts), "utf-8")


def _case(http: httpx.Client, name: str, case: dict[str, Any]) -> str:
    words = []
    for language in LANGUAGES:
        parameters = {"format": "png", "size": SIZE, "dpi": DPI, "lang": language, "query": json.dumps(case["query"])}
        answer = http.get(f"/api/v2.0/plot/{case['kind']}", params=parameters)
        if answer.is_error:
            raise SystemExit(f"{name}: {answer.status_code} {answer.text}")
        alt = unquote(answer.headers["alt-text"].split("'", 2)[2])
        # 255 colours are enough for a page, and a third of the bytes.
        image = Image.open(BytesIO(answer.content)).convert("RGB").quantize(255, dither=Image.Dither.NONE)
        image.save(HERE / f"{name}.{language}.png", optimize=True)
        words.append(f"![{alt}]({name}.{language}.png)\n\n*{alt}*\n")
    address = f"/api/v2.0/plot/{case['kind']}?format=png&query={quote(json.dumps(case['query']), safe='{}[],:')}"
    return f"## {case['title']}\n\n{words[0]}\n{words[1]}\n```\n{address}\n```\n"


@contextmanager
def _served(arguments: list[str]) -> Iterator[str]:
    if arguments:
        yield arguments[0]
        return
    port, https_port = map(str, PORTS)
    with tempfile.TemporaryDirectory() as state:
        options = ["--port", port, "--https-port", https_port, "--state", state]
        run = subprocess.Popen([sys.executable, str(ROOT / "deploy/run.py"), *options])  # noqa: S603 - our own script
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            run.terminate()
            run.wait()


def _await_observations(http: httpx.Client) -> None:
    """Everything is served when the observations, which come last, are."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answer = http.get("/api/v2.0/observation/time_range")
            if answer.is_success and answer.json()["start_time"] and http.get("/health").status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"nothing is served after {PATIENCE:g} s")


if __name__ == "__main__":
    main(sys.argv[1:])
