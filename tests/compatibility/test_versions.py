"""Services are deployed one at a time, in any order: every mix of this version and the previous one works.

The previous version is taken from the history, and runs in an environment of its own that has its packages before
those that are installed here. One process of each version serves all its apps.
"""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
from collections import defaultdict
from pathlib import Path

import httpx
import netCDF4
import numpy as np
import pytest
from PIL import Image

from stack.options import ROOT, free_ports

PREVIOUS = "a0d3aa9"
HERE = Path(__file__).parent
API = "/api/v2.0"
READY = 240.0  # s
MIXES = list(itertools.product(("old", "new"), repeat=3))  # of metadata, data and plotting

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600), pytest.mark.xdist_group("versions")]


def previous_python(folder):
    """Make the environment of the previous version; its Python."""
    command = ["git", "-C", str(ROOT), "archive", PREVIOUS, "services"]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"{PREVIOUS} is not in the history: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as content:
        content.extractall(folder / "source", filter="data")
    venv.create(folder / "environment", symlinks=True)
    packages = next((folder / "environment").glob("lib/python*/site-packages"))
    paths = [*sorted((folder / "source" / "services").iterdir()), sysconfig.get_path("purelib")]
    (packages / "previous.pth").write_text("".join(f"{path}\n" for path in paths))
    python = folder / "environment" / "bin" / "python"
    look = "import ocean_data.app, ocean_metadata.app, ocean_plotting.app; print(ocean_data.app.__file__)"
    reported = environment("old")
    completed = subprocess.run([python, "-c", look], env=reported, capture_output=True, text=True, check=False)
    if "ModuleNotFoundError" in completed.stderr:
        pytest.skip(f"what {PREVIOUS} needs is not installed any more: {completed.stderr.splitlines()[-1]}")
    assert completed.stdout.startswith(str(folder)), completed.stderr
    return str(python)


def environment(version):
    reported = {key: value for key, value in os.environ.items() if not key.startswith(("OCEAN_", "PYTHON"))}
    # To compile the kernels of the previous version takes a minute; a small file is read without. Those of this
    # version are compiled, and a service warms them when it starts.
    interpreted = {"NUMBA_DISABLE_JIT": "1"} if version == "old" else {}
    return reported | interpreted | {"PYTHONWARNINGS": "ignore"}


def write_dataset(path):
    """A file whose values no kernel has to unpack or swap: five days, three levels."""
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        axes = {
            "time": ("days since 2016-02-01", "time", np.arange(5.0)),
            "depth": ("m", "depth", np.array([0.0, 10.0, 50.0])),
            "lat": ("degrees_north", "latitude", np.linspace(60.0, 80.0, 21)),
            "lon": ("degrees_east", "longitude", np.linspace(0.0, 30.0, 31)),
        }
        for name, (units, standard_name, values) in axes.items():
            file.createDimension(name, values.size)
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = values
            axis.setncatts({"units": units, "standard_name": standard_name})
        file["depth"].positive = "down"
        shape = tuple(values.size for _, _, values in axes.values())
        for key, units, name in (
            ("thetao", "degC", "sea_water_potential_temperature"),
            ("so", "1", "sea_water_salinity"),
        ):
            variable = file.createVariable(key, "f4", tuple(axes))
            variable[:] = np.arange(np.prod(shape)).reshape(shape) % 17
            variable.setncatts({"units": units, "standard_name": name})


def settings_of(ports, databases):
    """What each version serves: of every mix its part, once for each set of neighbours."""
    urls = {key: f"http://127.0.0.1:{port}" for key, port in ports.items()}
    served = defaultdict(list)
    for version in ("old", "new"):
        settings = {"port": ports[version,], "database": databases[version], "watch": 0.0}
        served[version].append(["metadata", settings])
    for metadata, data in itertools.product(("old", "new"), repeat=2):
        settings = {"port": ports[metadata, data], "metadata_url": urls[metadata,], "threads": 1}
        served[data].append(["data", settings])
    for mix in MIXES:
        neighbours = {"metadata_url": urls[mix[:1]], "data_url": urls[mix[:2]]}
        served[mix[2]].append(["plotting", {"port": ports[mix], "drawing": "inline", **neighbours}])
    return served


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """The address of every service: by its version and those of its neighbours."""
    folder = tmp_path_factory.mktemp("versions")
    pythons = {"old": previous_python(folder), "new": sys.executable}
    write_dataset(folder / "file.nc")
    (folder / "datasets.json").write_text(json.dumps({"mixed": {"name": "Mixed", "url": str(folder / "file.nc")}}))
    databases = {version: str(folder / f"{version}.sqlite3") for version in pythons}
    for version, python in pythons.items():
        reported = environment(version) | {"OCEAN_METADATA_DATABASE": databases[version]}
        command = [python, "-m", "ocean_metadata.index", "--datasets", str(folder / "datasets.json")]
        subprocess.run(command, env=reported, check=True, capture_output=True, cwd=folder)
    keys = [*((item,) for item in pythons), *itertools.product(pythons, repeat=2), *MIXES]
    ports = dict(zip(keys, free_ports(len(keys)), strict=True))
    processes = []
    with (folder / "log").open("wb") as log:
        for version, services in settings_of(ports, databases).items():
            command = [pythons[version], str(HERE / "serve.py"), json.dumps(services)]
            processes.append(subprocess.Popen(command, env=environment(version), cwd=folder, stdout=log, stderr=log))
    try:
        result = {key: f"http://127.0.0.1:{port}" for key, port in ports.items()}
        deadline = time.monotonic() + READY
        while not all(ready(url) for url in result.values()):
            assert time.monotonic() < deadline, (folder / "log").read_text()
            assert all(process.poll() is None for process in processes), (folder / "log").read_text()
            time.sleep(0.2)
        yield result
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait(20)


def ready(url):
    try:
        return httpx.get(f"{url}/health/ready", timeout=10).json()["status"] == "ready"
    except httpx.TransportError:
        return False


def get(url, path, **parameters):
    response = httpx.get(f"{url}{API}{path}", params=parameters, timeout=120)
    assert response.status_code == 200, response.text
    return response


def plot(url, kind, form="csv", **query):
    text = json.dumps({"dataset": "mixed", "variable": "thetao", "station": [[75.0, 10.0]], **query})
    return get(url, f"/plot/{kind}", query=text, format=form, size="5x3.5", dpi=60)


@pytest.mark.parametrize("mix", MIXES, ids="-".join)
def test_every_mix_of_versions_answers_the_main_requests(urls, mix, tmp_path):
    data, plotting = urls[mix[:2]], urls[mix]
    tile = get(plotting, "/tiles/mixed/thetao/-1/0/3/4/1")
    assert np.ptp(np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))[..., 3]) > 0
    profile = plot(plotting, "profile", time=-1).text
    series = plot(plotting, "timeseries", starttime="2016-02-01", endtime="2016-02-05", depth=0).text
    for table in (profile, series):
        assert len(table.splitlines()) > 5
    picture = plot(plotting, "profile", "png", time=-1).content
    assert Image.open(io.BytesIO(picture)).size == (300, 210)
    values = get(data, "/data/mixed/thetao/timeseries", latitude=75.0, longitude=10.0).json()
    assert len(values["times"]) == 5
    subset = get(
        data, "/subset/mixed/thetao,so", should_zip=0, min_range="70,0", max_range="76,20", time="2016-02-01,2016-02-03"
    )
    (tmp_path / "subset.nc").write_bytes(subset.content)
    with netCDF4.Dataset(tmp_path / "subset.nc") as file:
        assert np.isfinite(file["thetao"][:]).any()
