"""Command that becomes another program, which is to stop when the one that started it is gone, however it ended.

Run as a script, `python tether.py PARENT COMMAND…`: the wish is kept through `exec`. Only Linux knows it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to ``parent``, and become ``command``."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the wish was made
            return
    os.execv(command[0], command)  # noqa: S606  # no shell is meant


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
