"""What worker processes are given to do in tests: they import it."""

import os
import signal

from ocean_common.errors import InvalidRequest
from ocean_plotting.domain.table import Table


def process_id():
    return Table(header=[], columns=[str(os.getpid())], rows=[])


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep():
    signal.pause()


def misbehave():
    raise ZeroDivisionError


def refuse():
    raise InvalidRequest("not so", field="size", allowed=["10x7"])
