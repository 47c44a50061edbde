"""Where numbers are never changes them: the same files in other places are read bit for bit."""

import itertools
import os
import shutil
from pathlib import Path

import msgspec
import netCDF4
import numpy as np
import pytest
from tests.looping import loop_over

from ocean_common.contracts.assets import Assets, Dimension, File, Grid, VariableInfo
from ocean_core.packing import PACKING_ATTRIBUTES

FULL = pytest.mark.full
NAMED = [
    pytest.param(("arctic_day", "votemper"), id="packed"),
    pytest.param(("arctic_day", "zeta"), id="without depth", marks=FULL),
    pytest.param(("arctic_day", "h"), id="without time"),
    pytest.param(("nemo_global_month", "tos"), id="inflated"),
    pytest.param(("ostia_month", "surface_temperature"), id="many steps", marks=FULL),
    pytest.param(("wcofs_hour", "u_sur"), id="staggered", marks=FULL),
]


def same(source, here, there):
    """Every way of reading gives the same numbers, to the last bit."""
    count = 1 if here.steps is None else here.steps.seconds.shape[0]
    steps = None if here.steps is None else list(range(count))
    last = None if steps is None else count - 1
    levels = len(here.depth.values) if here.depth else 1
    ny, nx = here.grid.shape
    cells = np.random.default_rng(1).integers(0, ny * nx, 40).astype(np.int32)
    box = (slice(ny // 3, ny // 3 + max(1, ny // 4)), slice(nx // 2, nx))
    assert source.precision(here, steps) is source.precision(there, steps)
    query = {
        "level": lambda item: source.level(item, last, levels - 1 if here.depth else None),
        "bottom": lambda item: source.level(item, last, "bottom"),
        "columns": lambda item: source.columns(item, steps, slice(None), cells),
        "window": lambda item: source.window(item, last, slice(0, levels), box),
    }
    for content, ask in query.items():
        result, expected = ask(there), ask(here)
        assert result.dtype == expected.dtype, content
        assert result.tobytes() == expected.tobytes(), content
    ours, reference = source.coordinates(here.grid), source.coordinates(there.grid)
    for name in ("latitude", "longitude", "y_axis", "x_axis"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(reference, name))


PLACES = ["a file address", "zarr 2", "zarr 3", "icechunk", "object", "zarr in objects", "icechunk in objects"]


@pytest.fixture(params=NAMED)
def alone(shipped, request):
    """A shipped variable in one file."""
    return keep_first_file(shipped[request.param])


@pytest.mark.parametrize("place", PLACES)
def test_the_same_numbers_are_read_from_any_place(alone, source, put, moved, place):
    same(source, alone, moved(alone, put(alone.files[0].path, place)))


@loop_over("named", [("arctic_day", "h"), ("nemo_global_month", "tos"), ("wcofs_hour", "v_sur")])
@pytest.mark.ci
def test_the_same_numbers_come_from_a_server(shipped, source, dap, moved, named):
    alone, (address, folder) = keep_first_file(shipped[named]), dap
    name = Path(shutil.copy(alone.files[0].path, folder)).name
    same(source, alone, moved(alone, f"{address}/{name}"))


def keep_first_file(assets):
    """The variable with the steps of its first file alone."""
    if assets.steps is None:
        return assets
    own = np.frombuffer(assets.steps.file.data, assets.steps.file.dtype) == 0
    parts = {}
    for name in ("raw", "seconds", "file", "position"):
        array = getattr(assets.steps, name)
        values = np.frombuffer(array.data, array.dtype)[own]
        parts[name] = msgspec.structs.replace(array, shape=values.shape, data=values.tobytes())
    steps = msgspec.structs.replace(assets.steps, **parts)
    return msgspec.structs.replace(assets, files=assets.files[:1], steps=steps)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")  # of the libraries, on odd files
@pytest.mark.skipif("OCEAN_SAMPLES" not in os.environ, reason="OCEAN_SAMPLES names no folder of sample files")
@pytest.mark.parametrize("place", ["zarr 2", "zarr 3", "object", "server"])
def test_every_sample_file_is_the_same_anywhere(source, put, dap, place):
    read = 0
    for path in sorted(Path(os.environ["OCEAN_SAMPLES"]).rglob("*.*")):
        existing = list(plain_variables(path))
        if not existing:
            continue
        present = f"{dap[0]}/{Path(shutil.copy(path, dap[1])).name}" if place == "server" else put(path, place)
        for local in existing:
            if lost(place, path, local.source):
                continue
            moved = msgspec.structs.replace(local, files=[File(path=present, size=0, mtime_ns=0)])
            result, expected = (source.level(item, None, None) for item in (moved, local))
            assert result.tobytes() == expected.tobytes(), (path.name, local.source)
            read += 1
    assert read > 80


def lost(place, path, name):
    """Whether the copy itself does not say the same: what cannot be written there."""
    with netCDF4.Dataset(path) as opened:
        variable = opened[name]
        output = {key: variable.getncattr(key) for key in PACKING_ATTRIBUTES if key in variable.ncattrs()}
        if place == "server":  # pydap tells attributes with six digits; DAP 2.0 has no bytes with a sign
            numbers = [
                number for value in output.values() for number in np.atleast_1d(value) if number.dtype.kind in "iuf"
            ]
            same = all(number.dtype.type(float(f"{number:.6g}")) == number for number in numbers)
            return variable.dtype.str[1:] in {"i1", "i8", "u8"} or not same
        fill = np.asarray(output.get("_FillValue", 0))
        # xarray gives a fill the type of the numbers, in Zarr v2.
        return place == "zarr 2" and variable.dtype.kind in "iu" and fill.dtype.kind == "f"


def plain_variables(path):
    """A few numeric arrays of a file, as the metadata service would tell them."""
    try:
        opened = netCDF4.Dataset(path)
    except OSError:
        return
    with opened:
        fields = [
            (name, item)
            for name, item in opened.variables.items()
            if item.ndim > 1 and item.size and getattr(item.dtype, "kind", "O") in "iuf"
        ]
        for name, item in fields[:8]:
            roles = (*itertools.repeat("other", max(0, item.ndim - 4)), *("time", "depth", "y", "x")[-item.ndim :])
            dimensions = [
                Dimension(name=axis, size=size, role=role)
                for axis, size, role in zip(item.dimensions, item.shape, roles, strict=True)
            ]
            yield Assets(
                dataset="made",
                revision="r1",
                variable=VariableInfo(dataset="made", key=name, name=name, units="1", scale=(0.0, 1.0)),
                source=name,
                dimensions=dimensions,
                grid=Grid(id="made", kind="rectilinear", shape=item.shape[-2:], file=str(path)),
                depth=None,
                files=[File(path=str(path), size=0, mtime_ns=0)],
                steps=None,
            )
