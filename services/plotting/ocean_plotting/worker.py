"""What runs in a worker process: it reads jobs from its pipe until the service ends."""

import importlib
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

import msgspec

from ocean_common.errors import OceanError
from ocean_plotting.export import WRITERS
from ocean_plotting.export.output import Output
from ocean_plotting.figure.picture import Picture, warm
from ocean_plotting.figure.resources import Ground
from ocean_plotting.ports import Drawn

# What a broken figure may raise; what is beyond these ends the process, and another takes its place.
BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
PLOTS = "ocean_plotting.plots"  # loaded by name: what they are is not for an adapter to know


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A figure or table to make, and how to write it."""

    output: Output
    make: Callable[..., object]
    given: tuple[object, ...]

    def run(self, ground: Ground) -> Drawn:
        """Make it and write it."""
        made = self.make(*self.given, ground.sheet(self.output))
        content = WRITERS[self.output.format](made, self.output)
        return Drawn(content, made.about.alt if isinstance(made, Picture) else "")


class Broken(msgspec.Struct, frozen=True):
    """A bug met while drawing."""

    traceback: str


def main(pipe: Connection, nice: int, ground: Ground) -> None:
    """Work until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends its workers
    os.nice(nice)
    # A letter that no font has is drawn as a box: a name full of them must not fill the log.
    warnings.filterwarnings("ignore", message="Glyph .* missing from")
    threading.Thread(target=_follow_parent, daemon=True).start()
    importlib.import_module(PLOTS)
    ground.load()
    warm()
    pipe.send(True)
    try:
        while True:
            pipe.send(_answer(pipe.recv(), ground))
    except (EOFError, BrokenPipeError):
        sys.exit()


def _answer(job: Job, ground: Ground) -> Drawn | OceanError | Broken:
    try:
        return job.run(ground)
    except OceanError as error:
        return error
    except BUGS:
        return Broken(traceback.format_exc())


def _follow_parent() -> None:
    """A killed service cannot end its workers: they end themselves, in the middle of a figure too."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
