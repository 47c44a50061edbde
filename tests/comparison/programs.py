"""Run other programs against a running server, and compare what they read with the API.

`python tests/comparison/programs.py http://localhost:8080` writes docs/programs.md, with the programs that are
installed (Debian: gdal-bin cdo nco netcdf-bin r-cran-ncdf4 python3-qgis qgis-providers
chromium npm).
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
from PIL import Image

PAGE = Path(__file__).parents[2] / "docs" / "programs.md"
DATASET, VARIABLE, DAY = "giops_day", "votemper", "2016-07-01"
LATITUDE, LONGITUDE = 45.2, -40.0  # the centre of a cell: row 33, column 76
HEAD = """# Programs that were run

What programs read over the interfaces of [interoperability](interoperability.md), beside the number of the API:
{value} °C in the cell at 45.2 °N, 40 °W, on 1 July 2016. Written by `python tests/comparison/programs.py
{base}`; Python's readers (xarray, netCDF4, pydap, zarr, OWSLib, edr-xarray, pystac, rasterio) are run by
the tests.

| program | command | result |
|---|---|---|
"""


class Program(NamedTuple):
    """A program, a command with `{base}` for the address, and how its number is found in what it prints."""

    name: str
    version: list[str]
    command: list[str]
    read: Callable[[str], float | str]


def last_number(text: str) -> float:
    """Return the last number of a text."""
    return float(re.findall(r"-?\d+(?:\.\d+)?", text)[-1])


def packed_number(text: str) -> float:
    """Return the value of the only packed number that NCO prints: it shows what is stored."""
    return float(re.findall(r"^\s*(-?\d+)\s*;", text, re.MULTILINE)[-1]) * 0.002


def picture(text: str) -> str:
    """Describe the picture that a program wrote; it has several colours."""
    with Image.open(text.strip().splitlines()[-1]) as image:
        colours = image.convert("RGB").getcolors(1 << 24) or []
        assert len(colours) > 10, "the picture has no content"
        return f"a picture of {image.width} × {image.height} pixels, {len(colours)} colours"


OPENDAP = f"{{base}}/opendap/{DATASET}"
WMTS = f"WMTS:{{base}}/wmts/{DATASET}/1.0.0/WMTSCapabilities.xml,layer={DATASET}/{VARIABLE},tilematrixset=EPSG:3857"
WMS = f"WMS:{{base}}/wms?LAYERS={DATASET}/{VARIABLE}&SRS=EPSG:4326&BBOX=-78,32,-10,66"
R_SCRIPT = (
    f'library(ncdf4); nc <- nc_open("{OPENDAP}"); '
    f'cat(ncvar_get(nc, "{VARIABLE}", start=c(77,34,1,1), count=c(1,1,1,1)))'
)
PROGRAMS = [
    Program("CDO", ["cdo", "--version"],
            ["cdo", "-s", "-outputtab,value", "-remapnn,lon=-40/lat=45.2", "-sellevidx,1", "-seltimestep,1",
             f"-selname,{VARIABLE}", OPENDAP], last_number),
    Program("NCO", ["ncks", "--version"],
            ["ncks", "-H", "-C", "-v", VARIABLE, "-d", "time,0", "-d", "depth,0", "-d", "latitude,45.2", "-d",
             "longitude,-40.0", OPENDAP], packed_number),
    Program("ncdump", ["ncdump"], ["ncdump", "-h", OPENDAP],
            lambda text: f"{text.count('(time, depth, latitude, longitude)')} variables of four dimensions"),
    Program("R, ncdf4", ["Rscript", "--version"], ["Rscript", "-e", R_SCRIPT], last_number),
    Program("GDAL, WMTS", ["gdalinfo", "--version"],
            ["gdal_translate", "-q", "-of", "PNG", "-outsize", "300", "200", "-projwin", "-8700000", "9000000",
             "-1000000", "3800000", WMTS, "{file}"], picture),
    Program("GDAL, WMS", ["gdalinfo", "--version"],
            ["gdal_translate", "-q", "-of", "PNG", "-outsize", "300", "150", WMS, "{file}"], picture),
    Program("GDAL, OGC API", ["gdalinfo", "--version"],
            ["gdal_translate", "-q", "-of", "PNG", "-oo", "API=MAP", "-projwin", "-60", "55", "-30", "35", "-outsize",
             "300", "200", f"OGCAPI:{{base}}/ogc/collections/{DATASET}", "{file}"], picture),
]  # fmt: skip


def read_value(base: str) -> float:
    """Return the number of the API."""
    place = {"latitude": LATITUDE, "longitude": LONGITUDE, "time": DAY, "depth": "0", "format": "csv"}
    answer = httpx.get(f"{base}/api/v2.0/data/{DATASET}/{VARIABLE}/point", params=place)
    return float(answer.raise_for_status().text.splitlines()[-1].rpartition(",")[2])


def run_program(program: Program, base: str, expected: float, folder: Path) -> str:
    """Run a program; return the row of the table."""
    if shutil.which(program.command[0]) is None:
        return f"| {program.name} | | not installed |"
    printed = subprocess.run(program.version, capture_output=True, text=True, check=False)
    version = re.search(r"\d+\.\d+(?:\.\d+)?", printed.stdout + printed.stderr)
    file = folder / "picture.png"
    file.unlink(missing_ok=True)
    command = [part.format(base=base, file=file) for part in program.command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise SystemExit(f"{program.name}: {done.stderr[-1000:]}")
    result = program.read(str(file) if "{file}" in program.command else done.stdout)
    if isinstance(result, float):
        assert abs(result - expected) < 5e-4, f"{program.name} reads {result}, and the API {expected}"
        result = f"{result:g} °C"
    shown = " ".join(f"'{part}'" if set(part) & set(" &;(") else part for part in program.command)
    shown = shown.format(base="http://localhost:8080", file="map.png").replace("|", "\\|")
    return f"| {program.name} {version[0] if version else ''} | `{shown}` | {result} |"


def run_qgis(base: str, folder: Path) -> list[str]:
    """Draw layers in QGIS without a screen; return the rows of the table."""
    script = Path(__file__).with_name("qgis_layers.py")
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    command = ["/usr/bin/python3", str(script), base, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if "No module named 'qgis'" in done.stderr:
        return ["| QGIS | | not installed |"]
    layers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(layers) == 3, done.stderr[-1000:]
    assert all(found["colours"] > 10 for found in layers), layers
    return [
        f"| {found['name']} {found['version'].partition('-')[0]} | `tests/comparison/qgis_layers.py` | "
        f"a picture of 600 × 300 pixels, {found['colours']} colours |"
        for found in layers
    ]


def run_web_maps(base: str, folder: Path) -> list[str]:
    """Show a layer in web maps, in a headless browser; return the rows of the table."""
    if not (shutil.which("npm") and shutil.which("chromium")):
        return ["| web maps | | npm or chromium is not installed |"]
    target = folder / "browser"
    shutil.copytree(Path(__file__).with_name("browser"), target)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(install, cwd=target, check=True, capture_output=True)
    done = subprocess.run(
        ["node", "maps.js", base, str(folder)], cwd=target, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-1000:])
    rows = []
    for line in done.stdout.splitlines():
        found = json.loads(line)
        assert found["failures"] == 0 < found["pictures"], found
        shown = f"{found['pictures']} pictures, none failed"
        rows.append(f"| {found['name']} | `tests/comparison/browser/maps.js` | {shown} |")
    return rows


def main() -> None:
    base = sys.argv[1].rstrip("/")
    expected = read_value(base)
    with tempfile.TemporaryDirectory() as folder:
        rows = [run_program(program, base, expected, Path(folder)) for program in PROGRAMS]
        rows += run_qgis(base, Path(folder))
        rows += run_web_maps(base, Path(folder))
    head = HEAD.format(value=f"{expected:g}", base="http://localhost:8080")
    PAGE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
