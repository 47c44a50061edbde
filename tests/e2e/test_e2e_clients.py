"""Clients: the Python client and its notebook, and clients that generators make of the merged document."""

import importlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
import xarray as xr
from ocean_navigator import OceanNavigator, OceanNavigatorError
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
NODE = REPOSITORY / "clients" / "typescript"


@pytest.fixture
def ocean(http):
    return OceanNavigator(http=http)


# The Python client


def test_the_python_client_reads_what_xarray_reads(ocean, run):
    giops = ocean.dataset("giops_day")
    file = next((REPOSITORY / "deploy" / "sample_data" / "idealised").glob("*.nc"))
    with xr.open_dataset(file) as opened:
        expected = opened["votemper"].sel(latitude=45.1, longitude=-40.1, method="nearest").load()
    profile = giops.profile("votemper", 45.1, -40.1)
    np.testing.assert_array_equal(np.ravel(profile["votemper"]), expected[-1])
    series = giops.timeseries("votemper", 45.1, -40.1, depth="0", start="2016-07-02", end="2016-07-04")
    np.testing.assert_array_equal(np.ravel(series["votemper"]), expected[1:4, 0])
    assert giops.variables["votemper"]["units"] == "Celsius"
    assert len(giops.times("votemper")) == expected.sizes["time"]
    both = giops.transect(["votemper", "vosaline"], [(45, -40), (46, -38)], points=5)
    assert both["votemper"].sizes == both["vosaline"].sizes


def test_the_python_client_downloads_whole_files_or_none(ocean, tmp_path):
    giops = ocean.dataset("giops_day")
    path = giops.download(tmp_path / "area.nc", "votemper", (-45, 40, -40, 45), start="2016-07-01", end="2016-07-02")
    with xr.open_dataset(path) as opened:
        assert opened["votemper"].sizes["time"] == 2
    with pytest.raises(OceanNavigatorError, match="no variable"):
        giops.download(tmp_path / "none.nc", "nothing", (-45, 40, -40, 45), progress=False)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["area.nc"]


def test_the_python_client_searches_draws_and_tells_what_is_wrong(ocean, http):
    names = [found["id"] for found in ocean.search("temperature", bbox=(-60, 40, -40, 50))]
    assert "giops_day" in names
    picture = ocean.dataset("giops_day").plot("profile", variable="votemper", station=[[45, -40]])
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert "Temperature" in picture.alt
    french = OceanNavigator(http=http, language="fr")
    with pytest.raises(OceanNavigatorError, match="il n'y a pas de jeu de données 'nowhere'") as refused:
        french.dataset("nowhere")
    assert refused.value.status == 404
    assert refused.value.errors[0]["field"] == "dataset"


def test_the_notebook_runs(http):
    notebook = json.loads((REPOSITORY / "docs" / "client.ipynb").read_text("utf-8"))
    base, names = str(http.base_url).rstrip("/"), {}
    results = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            *lines, last = "".join(cell["source"]).replace("http://localhost:8080", base).splitlines()
            exec("\n".join([*lines, f"_ = {last}" if last[0] not in " f" else last]), names)
            results.append(names.pop("_", None))
    names["ocean"].close()
    assert results[0][0][0] == "giops_day"
    assert results[-2].content.startswith(b"\x89PNG")


# Generated clients


@pytest.fixture(scope="module")
def document(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(httpx.get(f"{run.web}/openapi.json").content)
    return path


@pytest.fixture(scope="module")
def generated(document):
    """The client that openapi-python-client makes."""
    config = REPOSITORY / "clients" / "openapi-python-client.yml"
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none"]
    target = document.parent / "ocean_navigator_client"
    done = subprocess.run(
        [*command, "--config", str(config), "--output-path", str(target)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout, done.stdout
    sys.path.insert(0, str(document.parent))
    yield importlib.import_module
    sys.path.remove(str(document.parent))


def test_a_generated_python_client_asks_for_everything(run, generated):
    def operation(tag, name):
        return generated(f"ocean_navigator_client.api.{tag}.{name}")

    models = generated("ocean_navigator_client.models")
    client = generated("ocean_navigator_client").Client(base_url=run.web)
    with client:
        listed = operation("datasets", "list_datasets").sync(client=client)
        assert "giops_day" in [item.id for item in listed]
        page = operation("finding", "search_datasets").sync(client=client, q="temperature", limit=1, offset=1)
        assert len(page.results) == 1 < page.total
        profile = operation("points", "get_profile").sync(
            "giops_day", "votemper", client=client, latitude=45, longitude=-40
        )
        assert len(profile.values[0]) == len(profile.depths)
        series = operation("points", "get_time_series_csv").sync_detailed(
            "giops_day", "votemper", client=client, latitude=45, longitude=-40
        )
        assert series.content.startswith(b"time,")
        assert len(series.content.splitlines()) == 11
        query = json.dumps({"dataset": "giops_day", "variable": "votemper", "station": [[45, -40]]})
        plot = operation("plots", "get_profile_plot").sync_detailed(
            client=client, query=query, format_=models.PlotFormatName.PNG
        )
        assert Image.open(io.BytesIO(plot.content)).format == "PNG"
        tile = operation("tiles", "get_tile").sync_detailed("giops_day", "votemper", "-1", "0", 3, 2, 2, client=client)
        assert Image.open(io.BytesIO(tile.content)).size == (256, 256)
        subset = operation("areas", "get_subset").sync_detailed(
            "giops_day", "votemper", client=client, time="-1,-1", min_range="42,-45", max_range="44,-40"
        )
        assert subset.content.startswith(b"PK")
        refused = operation("datasets", "get_dataset").sync("nowhere", client=client, lang=models.LangName.FR)
        assert isinstance(refused, models.Problem)
        assert refused.detail.startswith("il n'y a pas de jeu de données")


def test_a_generated_python_client_hears_events(run, generated):
    operation = generated("ocean_navigator_client.api.events.follow_events")
    request = operation._get_kwargs()
    with httpx.Client(base_url=run.web, timeout=10) as client, client.stream(**request) as response:
        assert response.headers["content-type"].startswith("text/event-stream")


@pytest.mark.ci
def test_a_typescript_client_and_the_linters_find_nothing_wrong(document):
    """openapi-typescript, with a program that is type-checked; the rules of Spectral and Redocly."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm")
    folder = document.parent / "node"
    shutil.copytree(NODE, folder)
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install: {installed.stderr[-200:]}")
    shutil.copy(document, folder / "openapi.json")
    for name in ("generate", "check", "spectral", "redocly"):
        done = subprocess.run(["npm", "run", "--silent", name], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}{done.stderr[-1000:]}"
