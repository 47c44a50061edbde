"""The compiled kernels: `python -m ocean_data.kernels` compiles them once for an installation, beside their modules.

What is not compiled yet when a service starts, it compiles then.
"""

import gc
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from time import monotonic

from ocean_data.compute.tiles import SMALL_GRIDS, compile_grid_kernels
from ocean_data.jit import remove_stale_kernels
from ocean_data.reading.kernels import compile_chunk_kernels

PARTS: Mapping[str, Callable[[], None]] = {
    **{f"{kind} grids": partial(compile_grid_kernels, kind) for kind in SMALL_GRIDS},
    "chunks of files": compile_chunk_kernels,
}
MESHES = "triangular grids"


def compile_kernels() -> None:
    """Compile the kernels that most services need, or load them from the cache beside their modules.

    Those of meshes are left to the first mesh: loading them takes a second, most of it for scipy.
    """
    remove_stale_kernels()
    for name, compile_part in PARTS.items():
        if name != MESHES:
            compile_part()


def main() -> None:
    """Compile all kernels, several at a time, and say how far it is."""
    began = monotonic()
    remove_stale_kernels()
    print(f"compiling the kernels of {', '.join(PARTS)}, once …", flush=True)  # noqa: T201
    gc.disable()  # the compiler makes millions of objects that stay: looking through them takes a fifth of its time
    with ProcessPoolExecutor() as pool:
        parts = {pool.submit(compile_part): name for name, compile_part in PARTS.items()}
        for done in as_completed(parts):
            done.result()
            print(f"  {parts[done]}: {monotonic() - began:.0f} s", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
