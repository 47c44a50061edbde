"""Supervision of programs: one that ends is started again, and all stop together."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack.options import Refused

TETHER = Path(__file__).with_name("tether.py")
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0  # s before a program is started again; doubles
HEALTHY = 30.0  # s after which a program's earlier ends are forgotten
GRACE = 8.0  # s to stop before it is made to; the services give requests under way 5
TRIES = 3  # starts that may fail before the first success


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program with its environment and log."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path | None = None  # None: the terminal


async def start(program: Program) -> Process:
    """Start a program in a process group of its own, tied to this process."""
    tether = (sys.executable, "-I", "-S", str(TETHER), str(os.getpid()))
    log = program.log.open("ab") if program.log else None
    try:
        return await asyncio.create_subprocess_exec(
            *tether,
            *program.command,
            env={**os.environ, **program.environment},
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        if log:
            log.close()


def sweep(process: Process) -> None:
    """End what is left of a program's process group: its children outlive a program that was killed."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def end(process: Process, grace: float = GRACE) -> None:
    """Stop a program: ask first."""
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), grace)
    sweep(process)
    await process.wait()


class Keeper:
    """Supervisor of one program."""

    def __init__(self, program: Program, tell: Callable[[str], None], grace: float) -> None:
        self.program = program
        self._grace = grace
        self.failures = 0  # ends in a row
        self._tell = tell
        self._stopping = asyncio.Event()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep it running."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop it, and keep it stopped."""
        self._stopping.set()
        if self._process:
            await end(self._process, self._grace)
        if self._task:
            await self._task

    def processor_time(self) -> float:
        """Return the processor time that it and its children have used, s."""
        total = 0.0
        with suppress(psutil.Error):
            program = psutil.Process(self._process.pid) if self._process else None
            for process in [program, *program.children(recursive=True)] if program else ():
                with suppress(psutil.Error):
                    total += sum(process.cpu_times()[:2])
        return total

    def kill(self) -> None:
        """Stop it without asking."""
        self._stopping.set()
        if self._process:
            sweep(self._process)

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self._stopping.is_set():
            started = clock()
            reason = await self._once()
            if self._stopping.is_set():
                return
            self.failures = 1 if clock() - started > HEALTHY else self.failures + 1
            pause = min(FIRST_PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE)
            self._tell(f"{self.program.name} ended ({reason}); it is started again in {pause:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _once(self) -> str:
        """Run it until it ends; why it did."""
        try:
            self._process = await start(self.program)
        except OSError as error:  # no more processes, or its log cannot be written
            return (error.strerror or str(error)).lower()
        if self._stopping.is_set():
            await end(self._process, self._grace)
        code = await self._process.wait()
        sweep(self._process)
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class Supervisor:
    """Supervisor of several programs, which it stops in the opposite order."""

    def __init__(self, tell: Callable[[str], None], grace: float = GRACE) -> None:
        self._tell = tell
        self._grace = grace
        self._keepers: list[Keeper] = []

    def add(self, programs: Sequence[Program]) -> None:
        """Start programs, and keep them running."""
        for program in programs:
            keeper = Keeper(program, self._tell, self._grace)
            self._keepers.append(keeper)
            keeper.start()

    @property
    def logs(self) -> str:
        """Folder of the programs' logs."""
        return str(next((keeper.program.log.parent for keeper in self._keepers if keeper.program.log), ""))

    def processor_time(self) -> float:
        """Return the processor time that the programs that run now and their children have used, s."""
        return sum(keeper.processor_time() for keeper in self._keepers)

    def check(self) -> None:
        """Refuse when a program ends again and again before it has ever worked."""
        for keeper in self._keepers:
            if keeper.failures >= TRIES:
                program = keeper.program
                raise Refused(f"{program.name} does not start: {_last_line(program.log)} (all of it: {program.log})")

    async def stop(self) -> None:
        """Stop all: the last that was started first, so that nothing new comes in."""
        for keeper in reversed(self._keepers):
            await keeper.stop()

    def kill(self) -> None:
        """Stop all without asking."""
        for keeper in self._keepers:
            keeper.kill()


def _last_line(log: Path | None) -> str:
    lines = log.read_text("utf-8", "replace").split("\n") if log and log.exists() else []
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it says nothing")
