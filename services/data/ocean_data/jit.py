"""Decorators of kernels: functions of numbers and arrays that numba compiles.

Some things take the compiler long, in seconds of processor time, and can be done otherwise:

- a function for two types, or for a literal (`f(0)`) and then for its type: convert before the call;
- assigning to a part of an array (`row[:] = 0`, `pair[k] = a, b`), 2 s the first time: a loop, or one number each;
- `array.view`, `np.full`, `np.arange`, `np.searchsorted`, `array.min()`, 0.2 to 1 s: before the call, or a loop;
- `inline="always"`: the optimiser puts short functions into their callers anyway.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path

from numba import njit

# For what is called from Python: it is cached, with all that it calls.
kernel = partial(njit, nogil=True, cache=True, no_cfunc_wrapper=True)

# For what only kernels call: it is in their caches. Called from Python it would be compiled in every process.
kernel_part = partial(njit, nogil=True, no_cfunc_wrapper=True)


def remove_stale_kernels(folder: Path = Path(__file__).parent) -> None:
    """Remove the compiled kernels of a package where a module with kernels was changed since they were compiled.

    numba compares each with its own module alone, and it has in it what it calls from others.
    """
    modules = [path for path in folder.rglob("*.py") if "ocean_data.jit" in path.read_text()]
    changed = max((path.stat().st_mtime for path in modules), default=0.0)
    for compiled in folder.rglob("*.nb[ic]"):
        with suppress(OSError):  # another process removes it too, or it is not ours
            if compiled.stat().st_mtime < changed:
                compiled.unlink()
