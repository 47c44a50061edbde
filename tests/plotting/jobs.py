"""What worker processes are given to do in tests: they import it."""

import os
import signal

from matplotlib.figure import Figure

from ocean_common.errors import InvalidRequest
from ocean_plotting.domain.table import Table
from ocean_plotting.figures.picture import About, Picture


def process_id():
    return Table(header=[], columns=[str(os.getpid())], rows=[])


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep():
    signal.pause()


def misbehave():
    raise ZeroDivisionError


def write_what_no_font_has():
    figure = Figure()
    figure.text(0, 0, "\N{CUNEIFORM SIGN A}")
    return Picture(figure=figure, about=About.of(title="", description="", source=""))


def refuse():
    raise InvalidRequest("not so", field="size", allowed=["10x7"])
