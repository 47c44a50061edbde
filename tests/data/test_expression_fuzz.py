"""Any expression has values that do not depend on what else is asked for, or is refused."""

import warnings
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.writing import write_node
from tests.looping import loop_over

from ocean_common.contracts.assets import Assets, DepthAxis, Dimension, File, Grid, VariableInfo
from ocean_core.errors import InvalidRequest
from ocean_core.expression import FUNCTIONS, Binary, Call, Name, Negative, Node, Number
from ocean_data.compute.equations import calculated_assets
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.rectilinear import Rectilinear
from ocean_data.reading.calculated import Calculated

NZ, NY, NX = 4, 6, 8
DEPTH = DepthAxis(name="deptht", kind="depth", values=[0.5, 30.0, 200.0, 1500.0])


def fields():
    """Temperature, salinity, currents and a height, with land, a sea floor and numbers that make trouble."""
    numbers = np.random.default_rng(7)
    shape = (NZ, NY, NX)
    created = {
        "t": numbers.uniform(-2, 30, shape),
        "s": numbers.uniform(0, 40, shape),
        "u": numbers.normal(0, 1, shape),
        "flat": numbers.normal(0, 1, (1, NY, NX)),
        "odd": np.resize([0, -1e30, 1e30, 1e-30, -0.5, 1, 2, 700], shape),
    }
    dry = numbers.random(shape) < 0.2
    dry[:, 2, 3:5] = True
    for name in "tsu":
        created[name][np.maximum.accumulate(dry, axis=0)] = np.nan
    return created


class Memory:
    """A source of arrays."""

    def __init__(self):
        self.fields = fields()

    def window(self, variable, step, depths, box):
        return self.fields[variable.source][depths, box[0], box[1]]

    def columns(self, variable, steps, depths, cells):
        levels = self.fields[variable.source][depths]
        return levels.reshape(levels.shape[0], -1)[np.newaxis, :, cells]

    def precision(self, variable, steps):
        return np.float64


class SingleGrid:
    """The same grid for all."""

    def __init__(self, grid):
        self._grid = grid

    def grid(self, described):
        return self._grid


LATITUDE, LONGITUDE = np.linspace(-60, 80, NY), np.arange(NX) * 45.0
GRIDS = {
    "rectilinear": Rectilinear(LATITUDE, LONGITUDE),
    "curvilinear": Curvilinear(*np.meshgrid(LATITUDE, LONGITUDE / 10, indexing="ij")),
}


def operand(name, kind="rectilinear", **info):
    return Assets(
        dataset="made",
        revision="r1",
        variable=VariableInfo(dataset="made", key=name, name=name, scale=(0, 1), **{"units": "1", **info}),
        source=name,
        dimensions=[Dimension(name="deptht", size=NZ, role="depth")],
        grid=Grid(id="g", kind=kind, shape=(NY, NX) if kind != "triangles" else (NY * NX,)),
        depth=None if name == "flat" else DEPTH,
        files=[File(path="made.nc", size=0, mtime_ns=0)],
        steps=None,
    )


def source_on(kind):
    return Calculated(Memory(), SingleGrid(GRIDS[kind]), 1 << 20)


NAMES = st.builds(Name, st.sampled_from(["t", "s", "u", "flat", "odd", "depth", "lat", "nav_lon"]), st.booleans())
NUMBERS = st.sampled_from([0.0, 1.0, 0.5, 273.15, 1e300]).map(Number)


def compound(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def call(name):
        function = FUNCTIONS[name]
        counts = st.sampled_from([count for count in function.counts if count <= 6])
        return counts.flatmap(lambda count: st.builds(Call, st.just(name), st.tuples(*[inner] * count)))

    calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(call)
    return st.builds(Negative, inner) | st.builds(Binary, st.sampled_from("+-*/^"), inner, inner) | calls


TREES = st.recursive(NAMES | NUMBERS, compound, max_leaves=8)


@pytest.mark.parametrize("kind", GRIDS)
@given(tree=TREES)
def test_any_expression_has_values_or_is_refused(kind, tree):
    source = source_on(kind)
    operands = {name: operand(name, kind) for name in ("t", "s", "u", "flat", "odd")}
    with suppress(InvalidRequest), warnings.catch_warnings():
        warnings.simplefilter("error")
        assets = calculated_assets("made", f"0 * t + {write_node(Binary('*', tree, Number(1.0)))}", operands)
        full = source.window(assets, None, slice(0, NZ), (slice(0, NY), slice(0, NX)))
        assert full.shape == (NZ, NY, NX)
        assert not np.isinf(full).any()
        cells = np.array([5, 40, 5, 0, 27], dtype=np.int32)
        some = source.columns(assets, None, slice(1, 3), cells)[0]
        np.testing.assert_allclose(some, full.reshape(NZ, -1)[1:3][:, cells], rtol=1e-9)
        part = source.window(assets, None, slice(2, 3), (slice(1, 4), slice(3, 8)))[0]
        np.testing.assert_allclose(part, full[2, 1:4, 3:8], rtol=1e-9)


def test_the_land_of_the_operands_is_land():
    source = source_on("rectilinear")
    assets = calculated_assets("made", "sspeed(depth, lat, t, s)", {"t": operand("t"), "s": operand("s")})
    result = source.window(assets, None, slice(0, NZ), (slice(0, NY), slice(0, NX)))
    created = Memory().fields
    np.testing.assert_array_equal(np.isnan(result), np.isnan(created["t"]) | np.isnan(created["s"]))


@loop_over(
    ("temperature", "salinity", "meant"),
    [
        ({"units": "degC"}, {}, "sspeed(depth, lat, t, s)"),
        ({"units": "K"}, {}, "sspeed(depth, lat, t - 273.15, s)"),
        ({"units": "Kelvin"}, {"units": "kg kg-1"}, "sspeed(depth, lat, t - 273.15, s * 1000)"),
    ],
)
def test_units_of_operands_are_respected(temperature, salinity, meant):
    source = source_on("rectilinear")
    reported = {"t": operand("t", **temperature), "s": operand("s", **salinity)}
    plain = {"t": operand("t"), "s": operand("s")}
    box = slice(0, NY), slice(0, NX)
    result = source.window(calculated_assets("made", "sspeed(depth, lat, t, s)", reported), None, slice(0, 1), box)
    expected = source.window(calculated_assets("made", meant, plain), None, slice(0, 1), box)
    np.testing.assert_array_equal(result, expected)


def test_standard_names_choose_the_conversion():
    source = source_on("rectilinear")
    box = slice(0, NY), slice(0, NX)
    values = []
    for warm, salt in (
        ("sea_water_potential_temperature", "sea_water_practical_salinity"),
        ("sea_water_conservative_temperature", "sea_water_absolute_salinity"),
        ("sea_water_temperature", "sea_water_salinity"),
    ):
        reported = {"t": operand("t", standard_name=warm), "s": operand("s", standard_name=salt)}
        assets = calculated_assets("made", "density(depth, lat, t, s)", reported)
        values.append(source.window(assets, None, slice(3, 4), box))
    assert np.nanmax(np.abs(values[0] - values[1])) > 0.05
    assert np.nanmax(np.abs(values[0] - values[2])) > 0.01


def test_a_mesh_has_no_rows_to_differentiate_along():
    with pytest.raises(InvalidRequest, match="gradient_x needs a grid of rows and columns"):
        calculated_assets("made", "gradient_x(t)", {"t": operand("t", "triangles")})
    assert calculated_assets("made", "t * 2", {"t": operand("t", "triangles")}).equation == "t * 2"
