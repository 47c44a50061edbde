"""What worker processes are given to do in tests: they import it."""

import os
import signal

from matplotlib.figure import Figure

from ocean_core.errors import InvalidRequest
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.layout import Picture, PictureInfo


def process_id(_):
    return Table(header=[], columns=[Column(name=str(os.getpid()), values=[])])


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(_):
    signal.pause()


def wait_for(fifo, context):
    fifo.read_text()
    return process_id(context)


def note(path, name, context):
    with path.open("a") as file:
        file.write(name)
    return process_id(context)


def misbehave(_):
    raise ZeroDivisionError


def write_what_no_font_has(_):
    figure = Figure()
    figure.text(0, 0, "\N{CUNEIFORM SIGN A}")
    return Picture(figure=figure, info=PictureInfo(title="", alt="", source=""))


def refuse(_):
    raise InvalidRequest("not so", field="size", allowed=["10x7"])
