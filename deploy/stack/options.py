"""Options of `make run`, and the checks that come before anything is started."""

import argparse
import fcntl
import os
import random
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "deploy" / "sample_data"
TLS_OFFSET = 363  # from 8080 to 8443, and from 80 to 443

# Programs of each service, by the processor cores: one on two cores, then those that docs/scaling.md finds best.
CORES_PER_PROCESS = {"METADATA": 16, "DATA": 4, "PLOTTING": 2}
MOST_PROCESSES = 64  # of one service

# Below the ports that outgoing connections take: a service that dies finds its own free when it is started again.
INTERNAL_PORTS = range(20_000, 32_000)


class Refused(Exception):
    """Refusal to start; the message is one line for the terminal."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """One run."""

    host: str
    port: int
    https_port: int
    datasets: Path | None
    data: Path | None
    places: Path | None
    observations: Path | None
    class4: Path | None
    state: Path
    processes: Mapping[str, int]  # of each service

    @property
    def catalogue(self) -> Path:
        """Database of this run's data alone: what was imported for other data must not appear among them."""
        folders = (self.datasets, self.data, self.observations, self.class4)
        return self.state / f"catalogue-{sha256(repr(folders).encode()).hexdigest()[:12]}.sqlite3"


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read the options of a run: flags, or the variables of `make run`."""
    parser = argparse.ArgumentParser(
        prog="make run",
        description="Serve datasets on this machine: three services behind one gateway.",
        epilog="Each option is also a variable: `make run PORT=8090 DATA=~/models`.",
    )
    defaults = {"HOST": "127.0.0.1", "PORT": "8080"} | {key: value for key, value in environ.items() if value}
    for name, description in {
        "HOST": "address to listen on (%(default)s)",
        "PORT": "HTTP (%(default)s)",
        "HTTPS_PORT": f"TLS (the HTTP port + {TLS_OFFSET})",
        "DATASETS": "a dataset configuration (JSON)",
        "DATA": "a folder: every NetCDF file becomes a dataset",
        "OBSERVATIONS": "a folder of observations (of the sample data)",
        "PLACES": "a folder of point/, line/ and area/ with KML (of the sample data)",
        "CLASS4": "a folder of Class 4 files of OceanPredict (of the sample data)",
        "STATE": "folder of catalogue, certificate and logs (var/PORT)",
        **{f"{name}_PROCESSES": f"instances of {name.lower()} (by the cores)" for name in CORES_PER_PROCESS},
    }.items():
        parser.add_argument(f"--{name.lower().replace('_', '-')}", default=defaults.get(name), help=description)
    arguments = parser.parse_args(argv)
    port = _port("PORT", arguments.port)
    datasets = _path(arguments.datasets) or (None if arguments.data else SAMPLES / "datasets.json")
    samples = SAMPLES if datasets == SAMPLES / "datasets.json" else None
    return Options(
        host=arguments.host,
        port=port,
        https_port=_port("HTTPS_PORT", arguments.https_port or str(port + TLS_OFFSET)),
        datasets=datasets,
        data=_path(arguments.data),
        places=_path(arguments.places) or (samples and samples / "kml"),
        observations=_path(arguments.observations) or (samples and samples / "obs"),
        class4=_path(arguments.class4) or (samples and samples / "class4"),
        state=_path(arguments.state) or ROOT / "var" / str(port),
        processes={
            name.lower(): _count(f"{name}_PROCESSES", getattr(arguments, f"{name.lower()}_processes")) or default
            for name, default in default_processes(_count_cores()).items()
        },
    )


def default_processes(cores: int) -> dict[str, int]:
    """Return how many instances of each service suit a number of processor cores."""
    return {name: max(1, min(MOST_PROCESSES, cores // each)) for name, each in CORES_PER_PROCESS.items()}


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(name: str, text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_PROCESSES):
        raise Refused(f"{name}={text} is not a number of processes: 1 to {MOST_PROCESSES}")
    return int(text)


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser().resolve() if text else None


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise Refused(f"{name}={text} is not a port: a number from 1 to 65535")
    return int(text)


def check(options: Options) -> None:
    """Find out what cannot work, before anything is started."""
    if options.datasets and options.data:
        raise Refused("give DATASETS (a configuration) or DATA (a folder), not both")
    if options.datasets and not options.datasets.is_file():
        raise Refused(f"DATASETS: there is no file {options.datasets}")
    for name in ("DATA", "PLACES", "OBSERVATIONS", "CLASS4"):
        folder = getattr(options, name.lower())
        if folder and not folder.is_dir():
            raise Refused(f"{name}: there is no folder {folder}")
    if options.port == options.https_port:
        raise Refused(f"PORT and HTTPS_PORT are both {options.port}; they must differ")
    for name, port in (("PORT", options.port), ("HTTPS_PORT", options.https_port)):
        if reason := _find_listen_error(options.host, port):
            raise Refused(f"cannot listen on {options.host}:{port} ({reason}); choose another {name}")


def _find_listen_error(host: str, port: int) -> str | None:
    with ExitStack() as stack:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            trial = stack.enter_context(socket.socket(family, kind, protocol))
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen()
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None


def free_ports(count: int) -> list[int]:
    """Choose ports of this machine's own that nobody listens on."""
    ports: list[int] = []
    for port in random.sample(INTERNAL_PORTS, len(INTERNAL_PORTS)):
        if len(ports) == count:
            break
        if not _find_listen_error("127.0.0.1", port):
            ports.append(port)
    return ports


def claim(state: Path) -> IO[str]:
    """Make the folder of a run, and hold it: a second run must not write there too."""
    try:
        (state / "logs").mkdir(parents=True, exist_ok=True)
        lock = (state / "lock").open("w")
    except OSError as error:
        raise Refused(f"cannot write to {state}: {(error.strerror or str(error)).lower()}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Refused(f"another run uses {state}; choose another STATE") from error
    return lock
