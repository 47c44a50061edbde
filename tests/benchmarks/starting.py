"""What starting costs: `make starting`, or one part, `.venv/bin/python tests/benchmarks/starting.py kernels`.

- install: the first `make run` of a clone, until ready, with the packages already in the cache of the installer;
- second: `make run` again; then one service after the other is killed, until it is ready again;
- memory: proportional set size (PSS) of each process of an idle run, which counts shared pages once;
- kernels: processor time to compile each kernel, without those that it calls.

Times are of the wall clock and, in brackets, of the processor: the first depend on what else the machine does.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from numba.core import sigutils
from numba.core.dispatcher import Dispatcher

from ocean_data.kernels import PARTS as KERNELS

ROOT = Path(__file__).parents[2]
PORT = os.environ.get("PORT", "18080")
SERVICES = ("metadata", "data", "plotting", "gateway")
SETTLED = 15.0  # s until an idle run does nothing any more: its first look at the files, its workers
DEADLINE = 120.0  # s


def show(line: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def run(command: list[str], root: Path, state: Path) -> Iterator[psutil.Process]:
    """Run until it is ready, and stop at the end."""
    one_each = {f"{name}_PROCESSES": "1" for name in ("METADATA", "DATA", "PLOTTING")}
    environment = {**os.environ, **one_each, "PORT": PORT, "STATE": str(state)}
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            if not any("is ready" in line for line in process.stdout or ()):
                sys.exit(f"{' '.join(command)} did not become ready")
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)


def processor_time(process: psutil.Process) -> float:
    """Return the processor time of a process, its children, and those that ended: s."""
    return sum(sum(one.cpu_times()[:4]) for one in [process, *process.children(recursive=True)])


def proportional_size(process: psutil.Process) -> float:
    """Return the memory of a process, of shared pages its share: MB."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def wait_until_ready(url: str) -> float:
    """Return the seconds until a service that was killed says that it is ready."""
    began = time.monotonic()
    while time.monotonic() - began < DEADLINE:
        try:
            if httpx.get(f"{url}/health/ready", timeout=1.0).is_success:
                return time.monotonic() - began
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    sys.exit(f"{url} is not ready again")


def measure_install() -> None:
    """Clone, install, compile and start."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        began = time.monotonic()
        with run(["make", "run"], clone, clone / "var"):
            show(f"first `make run` of a clone: {time.monotonic() - began:.1f} s")


def measure_second() -> None:
    """Start again, and kill one service after the other."""
    command = [sys.executable, str(ROOT / "deploy/run.py")]
    with tempfile.TemporaryDirectory() as folder:
        with run(command, ROOT, Path(folder)):
            pass
        began = time.monotonic()
        with run(command, ROOT, Path(folder)) as launcher:
            show(f"second start: {time.monotonic() - began:.1f} s ({processor_time(launcher):.1f} s)")
            urls: Mapping[str, str] = json.loads((Path(folder) / "urls.json").read_text("utf-8"))
            time.sleep(SETTLED)
            for name in SERVICES:
                killed = next(one for one in launcher.children() if one.cmdline()[-1] == f"ocean_{name}")
                killed.kill()
                killed.wait()
                show(f"{name} again: {wait_until_ready(urls[name]):.1f} s")


def measure_memory() -> None:
    """Start, wait, and look at the memory of each process."""
    with (
        tempfile.TemporaryDirectory() as folder,
        run([sys.executable, str(ROOT / "deploy/run.py")], ROOT, Path(folder)) as launcher,
    ):
        time.sleep(SETTLED)
        sizes = {one: proportional_size(one) for one in [launcher, *launcher.children(recursive=True)]}
        for process, size in sizes.items():
            show(f"{size:6.0f} MB  {' '.join(process.cmdline()[1:])[:90]}")
        show(f"{sum(sizes.values()):6.0f} MB  all")


def measure_kernels() -> None:
    """Compile every kernel anew, and say what each takes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "compile"], env={**os.environ, "NUMBA_CACHE_DIR": folder}, check=True)


def compile_all() -> None:
    """Compile in this process, with a clock in the compiler."""
    gc.disable()  # as `python -m ocean_data.kernels` does
    compile_one, inner = Dispatcher.compile, [0.0]
    own: dict[str, tuple[float, int]] = {}

    def timed(dispatcher: Any, signature: Any) -> Any:
        arguments = tuple(sigutils.normalize_signature(signature)[0])  # type: ignore[no-untyped-call]
        known = arguments in dispatcher.overloads
        began = time.process_time()
        inner.append(0.0)
        try:
            return compile_one(dispatcher, signature)
        finally:
            total, of_inner = time.process_time() - began, inner.pop()
            inner[-1] += total
            if not known:
                function = dispatcher.py_func
                name = f"{function.__module__.removeprefix('ocean_data.')}.{function.__name__}"
                seconds, times = own.get(name, (0.0, 0))
                own[name] = seconds + total - of_inner, times + 1

    setattr(Dispatcher, "compile", timed)  # noqa: B010  numba has no types
    for compile_part in KERNELS.values():
        compile_part()
    for name, (seconds, times) in sorted(own.items(), key=lambda item: -item[1][0])[:40]:
        show(f"{seconds:6.2f} s  {name}{f', {times} types' if times > 1 else ''}")
    show(f"{sum(seconds for seconds, _ in own.values()):6.2f} s  all {len(own)}")


PARTS: Mapping[str, Callable[[], None]] = {
    "kernels": measure_kernels,
    "second": measure_second,
    "memory": measure_memory,
    "install": measure_install,
}


def main() -> None:
    """Measure the parts that are named, or all."""
    if sys.argv[1:] == ["compile"]:
        compile_all()
        return
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
