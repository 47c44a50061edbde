"""Decorators of kernels: functions of numbers and arrays that numba compiles.

Some things take the compiler long, in seconds of processor time, and can be done otherwise:

- a function for two types, or for a literal (`f(0)`) and then for its type: convert before the call;
- assigning to a part of an array (`row[:] = 0`, `pair[k] = a, b`), 2 s the first time: a loop, or one number each;
- `array.view`, `np.full`, `np.arange`, `np.searchsorted`, `array.min()`, 0.2 to 1 s: before the call, or a loop;
- `inline="always"`: the optimiser puts short functions into their callers anyway.
"""

from functools import partial

from numba import njit

# For what is called from Python: it is cached, with all that it calls.
kernel = partial(njit, nogil=True, cache=True, no_cfunc_wrapper=True)

# For what only kernels call: it is in their caches. Called from Python it would be compiled in every process.
kernel_part = partial(njit, nogil=True, no_cfunc_wrapper=True)
