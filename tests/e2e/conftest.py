"""The whole of it: `deploy/run.py` with the sample data, through the real Traefik."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from stack.options import ROOT, free_ports

HERE = Path(__file__).parent
READY = 120.0  # s


@pytest.hookimpl(tryfirst=True)  # before tests/conftest.py, which groups the others
def pytest_collection_modifyitems(items):
    """Let what waits for a whole stack take longer, and give all that share a run to one worker."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(300))
            item.add_marker(pytest.mark.xdist_group("one run" if "run" in item.fixturenames else item.path.stem))


def clean():
    """The environment without what would be told to a run."""
    reported = ("OCEAN_", "PYTHON", "PORT", "HTTPS_PORT", "DATA", "METADATA", "PLOTTING", "STATE", "HOST")
    return {key: value for key, value in os.environ.items() if not key.startswith(reported)} | {
        "PYTHONWARNINGS": "ignore"
    }


PACKAGES = ("ocean_core", "ocean_common", "ocean_metadata", "ocean_data", "ocean_plotting", "ocean_gateway")


def find_foreign_packages(environment):
    """Packages that a run would import from outside this checkout, with their files."""
    look = (
        "import importlib.util, sys\n"
        "for name in sys.argv[1:]:\n"
        "    spec = importlib.util.find_spec(name)\n"
        "    print(name, spec.origin if spec else '')\n"
    )
    listed = subprocess.run(
        [sys.executable, "-P", "-c", look, *PACKAGES], env=environment, capture_output=True, text=True, check=True
    )
    origins = dict(line.partition(" ")[::2] for line in listed.stdout.splitlines())
    return {name: path for name, path in origins.items() if path and not Path(path).is_relative_to(ROOT)}


@pytest.fixture(scope="session", autouse=True)
def own_packages():
    """Refuse to test another checkout: a run imports what is installed in the environment."""
    if foreign := find_foreign_packages(clean()):
        listing = ", ".join(f"{name} from {path}" for name, path in foreign.items())
        pytest.fail(
            f"this environment would test another checkout: {listing}; run make .venv/dev in {ROOT}", pytrace=False
        )


def until(condition, seconds=30.0, pause=0.05):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)
    return result


class Run:
    """One `make run`."""

    def __init__(self, state, *options):
        self.state = state
        port, https_port = map(str, free_ports(2))
        self.web, self.tls = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{https_port}"
        self.said = state.with_suffix(".said")
        command = [sys.executable, str(ROOT / "deploy" / "run.py"), "--state", str(state)]
        command += ["--port", port, "--https-port", https_port]
        command += ["--metadata-processes", "1", "--data-processes", "1", "--plotting-processes", "1"]
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, *options], stdout=out, stderr=out, env=clean(), start_new_session=True
            )
        self.http = httpx.Client(base_url=self.web, timeout=60)
        self._family = {}

    def wait(self):
        until(lambda: self.process.poll() is not None or "is ready" in self.output(), READY)
        assert self.process.poll() is None, self.output()
        self.family()
        return self

    def output(self):
        return self.said.read_text()

    def family(self):
        """Every process of the run that was ever seen."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            self._family[process.pid] = process
        return self._family

    def program(self, name):
        """The process that serves ``name`` now."""
        return until(lambda: self._find(name))

    def _find(self, name):
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it ends while it is looked at
                words = process.cmdline()
                tethered = any(word.endswith("tether.py") for word in words)  # not yet what it will be
                if not tethered and any(word == f"ocean_{name}" or word.endswith(f"/{name}") for word in words):
                    return process
        return None

    def instance(self, name):
        """The process that is the instance ``name``, as `data-1`, now."""
        variable = f"OCEAN_{name.partition('-')[0].upper()}_PORT"
        port = self.urls()[name].rpartition(":")[2]

        def find():
            for process in psutil.Process(self.process.pid).children():
                with suppress(psutil.Error):
                    if process.environ().get(variable) == port and "-m" in process.cmdline():
                        return process
            return None

        return until(find)

    def left(self):
        """What still lives of it."""
        return [item for item in self._family.values() if item.is_running() and lives(item)]

    def urls(self):
        return json.loads((self.state / "urls.json").read_text())

    def log(self, name):
        return (self.state / "logs" / f"{name}.log").read_text()

    def imported(self):
        """Wait for the observations, which come beside the services, that serve meanwhile."""
        until(lambda: '"imported"' in self.log("metadata"), READY)

    def trust(self):
        return ssl.create_default_context(cafile=self.state / "ca.pem")

    def stop(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.family()
            self.process.send_signal(number)
        self.http.close()
        return self.process.wait(60)


def lives(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("run") / "state")
    try:
        yield run.wait()
    finally:
        code = run.stop(signal.SIGTERM)  # as systemd and Docker end it
    assert code == 0


@pytest.fixture
def http(run):
    return run.http
