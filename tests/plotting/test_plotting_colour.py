"""Values become the colours that matplotlib would give them."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as some
from matplotlib.colors import ListedColormap, Normalize
from msgspec.structs import replace
from PIL import Image
from tests.looping import loop_over
from tests.plotting.fakes import array, field, info

from ocean_common.contracts.data import TileField
from ocean_core.colour import COLORMAPS, DIVERGING_COLORMAPS, Scale
from ocean_core.errors import InvalidRequest
from ocean_plotting.encoders import encode_palette_png
from ocean_plotting.palettes import (
    LISTS,
    RAMPS,
    choose_colours,
    colormap_colours,
    make_palette,
    palette_indices,
    parse_scale,
    resample_colours,
)
from ocean_plotting.tiles.store import TileStyle, render_tile


def render(field, scale, colormap, form="image/png"):
    return render_tile(field, TileStyle(scale and Scale(*scale), colormap, form))


def decode(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


@given(some.arrays(np.uint8, some.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_a_written_png_decodes_to_its_colours(indices):
    colours = np.random.default_rng(1).integers(0, 256, (255, 3), dtype=np.uint8)
    pixels = decode(encode_palette_png(indices, colours.tobytes()))
    table = np.vstack([[0, 0, 0, 0], np.column_stack([colours, np.full(255, 255)])])
    assert (pixels == table[indices]).all()


@given(
    some.arrays(np.float32, (8, 8), elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)),
    st.floats(-1e5, 1e5),
    st.floats(0.01, 1e5),
)
def test_a_value_gets_the_colour_that_matplotlib_gives_it(values, low, width):
    palette = make_palette("thermal", Scale(low, low + width))
    table = np.frombuffer(palette.colours, np.uint8).reshape(-1, 3)
    indices = palette_indices(values, palette)
    reference = ListedColormap(table / 255)(Normalize(low, low + width)(values.astype(float)), bytes=True)
    present = ~np.isnan(values)
    # On the border between two colours either is right.
    position = (values.astype(float) - low) / width * len(table)
    clear = present & (np.abs(position - np.rint(position)) > 1e-6)
    assert (table[indices[clear] - 1] == reference[clear][:, :3]).all()
    assert (indices[~present] == 0).all()
    assert (indices[present] > 0).all()


def test_a_tile_is_the_picture_that_matplotlib_makes():
    values = field()
    painted = decode(render(make_field("votemper"), (-2.0, 10.0), "thermal"))
    table = resample_colours(colormap_colours("thermal"), 255) / 255
    reference = ListedColormap(table)(Normalize(-2, 10)(values.astype(float)), bytes=True)
    present = ~np.isnan(values)
    assert (painted[..., 3] == np.where(present, 255, 0)).all()
    assert np.abs(painted[present][:, :3].astype(int) - reference[present][:, :3]).max() <= 4


def make_field(key, values=None):
    return TileField(variable=info(key), values=array(field() if values is None else values), revision="r1")


def test_a_folded_field_is_painted_as_the_whole_one():
    few = field()[::32, ::64]
    rows, columns = np.arange(256, dtype=np.uint8) // 32, np.arange(256, dtype=np.uint8) // 64
    folded = replace(make_field("votemper", few), rows=array(rows), columns=array(columns))
    full = make_field("votemper", few[rows][:, columns])
    for form in ("image/png", "image/webp"):
        images = [render(item, (-2.0, 10.0), "thermal", form) for item in (folded, full)]
        assert images[0] == images[1]


def test_categories_have_their_own_colours_and_nothing_between():
    values = np.array([[0, 1, 2], [3, -1, np.nan]], dtype=np.float32)
    pixels = decode(render(make_field("kind", values), (0.0, 1.0), None))
    listed = colormap_colours("seabed lithology")
    assert (pixels[0, :, :3] == listed[:3]).all()
    assert (pixels[1, :, 3] == 0).all()


def test_a_field_without_values_is_blank():
    blank = decode(render(make_field("votemper", np.full((256, 256), np.nan, np.float32)), None, None))
    assert blank.shape == (256, 256, 4)
    assert not blank.any()


@loop_over("key", COLORMAPS)
def test_every_colormap_has_colours(key):
    ramp = colormap_colours(key)
    assert ramp.dtype == np.uint8
    assert ramp.shape[1] == 3
    assert len(np.unique(ramp, axis=0)) >= 10
    assert COLORMAPS[key][1] in RAMPS or COLORMAPS[key][1] in LISTS or len(ramp) >= 256


@loop_over(
    ("key", "other", "asked", "colormap"),
    [
        ("votemper", {"standard_name": "sea_water_potential_temperature"}, None, "thermal"),
        ("votemper", {"standard_name": "sea_water_potential_temperature"}, "ice", "ice"),
        ("votemper", {"standard_name": "sea_water_potential_temperature"}, "default", "thermal"),
        ("votemper", {}, None, "temperature"),
        ("u", {}, None, "eastward current"),
        ("u", {"name": "Transport"}, None, "balance"),
        ("kind", {}, None, "seabed lithology"),
        ("vosaline", {"name": "Sea Water Salinity"}, None, "salinity"),
        ("votemper", {"name": "Something Else"}, None, "temperature"),
        ("votemper", {"name": "Speed of Current"}, None, "speed of current"),
        ("votemper", {"name": "Vitesse du courant", "colormap": "thermal"}, None, "thermal"),
        ("votemper", {"name": "Device", "units": "1"}, None, "viridis"),
        ("u", {"name": "Velocity"}, None, "velocity"),
        ("u", {"name": "Velocity", "scale": (0.0, 2.0), "zero_centered": False}, None, "speed"),
        ("u", {"key": "u,v"}, None, "speed"),
    ],
)
def test_a_variable_gets_the_colormap_of_what_it_is(key, other, asked, colormap):
    assert choose_colours(replace(info(key), **other), asked).colormap == colormap


@loop_over(
    ("u", "v", "name"),
    [
        ("sea_water_x_velocity", "sea_water_y_velocity", "Speed"),
        ("eastward_wind", "northward_wind", "Speed"),
        (None, None, "Magnitude of Eastward Current and Northward Current"),
    ],
)
def test_the_legend_of_a_vector_is_of_what_its_tiles_are(u, v, name):
    parts = info("u", standard_name=u), info("v", standard_name=v)
    assert parts[0].magnitude_with(parts[1]).name == name


def test_an_unknown_colormap_is_refused():
    with pytest.raises(InvalidRequest, match="colormaps"):
        choose_colours(info("votemper"), "nope")


@loop_over("text", ["", "1", "1,2,3", "nan,1", "1,nan", "inf,1", "-inf,inf", "2,1", "a,b", "-1e308,1e308"])
def test_a_wrong_scale_is_refused_with_what_works(text):
    with pytest.raises(InvalidRequest, match="-5,30") as caught:
        parse_scale(text)
    assert caught.value.field == "scale"


@given(st.floats(-1e6, 1e6), st.floats(0, 1e-3))
def test_the_range_of_what_is_in_view_is_a_scale_after_rounding(low, width):
    scale = parse_scale(f"{low:.4f},{low + width:.4f}")
    assert scale.low < scale.high
    values = np.array([[low, low + width, np.nan]])
    drawn = palette_indices(values, make_palette("thermal", scale))
    assert (drawn[0] > 0).tolist() == [True, True, False]


def test_equal_limits_of_a_logarithmic_scale_stay_above_zero():
    assert parse_scale("1e-7,1e-7,log").low > 0


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
def test_a_scale_is_read_as_it_is_written(low, high):
    if high - low > max(1e-30, 1e-11 * max(abs(low), abs(high))):
        assert parse_scale(f"{low!r},{high!r}").limits == (low, high)


def test_a_logarithmic_scale_spreads_colours_over_logarithms_and_begins_above_zero():
    scale = parse_scale("0.01,10,log")
    assert scale == (0.01, 10.0, True)
    values = np.array([[0.001, 0.01, 0.1, 1.0, 10.0, 0.0, -1.0, np.nan]], dtype=np.float32)
    indices = palette_indices(values, make_palette("chlorophyll", scale))[0]
    assert indices.tolist() == [1, 1, 86, 171, 255, 1, 1, 0]
    for text in ("0,10,log", "-1,10,log"):
        with pytest.raises(InvalidRequest, match="above zero"):
            parse_scale(text)


def test_tiles_of_chlorophyll_are_logarithmic_unless_a_scale_is_requested():
    chlorophyll = {"name": "Chlorophyll", "units": "mg m-3", "scale": (0.01, 10.0)}
    values = array(np.geomspace(0.01, 10, 256, dtype=np.float32).reshape(16, 16))
    tile = TileField(variable=info("vosaline", **chlorophyll), values=values, revision="r1")
    default, linear, logarithmic = (
        render_tile(tile, TileStyle(scale, None, "image/png"))
        for scale in (None, Scale(0.01, 10.0), Scale(0.01, 10.0, True))
    )
    assert default == logarithmic != linear


@loop_over("colormap", sorted(DIVERGING_COLORMAPS))
def test_zero_has_the_colour_in_the_middle_of_a_diverging_colormap(colormap):
    ramp = colormap_colours(colormap).astype(int)
    middle = ramp[len(ramp) // 2 - 1 : len(ramp) // 2 + 1]
    for scale in (Scale(-1, 1), Scale(-1, 3), Scale(-8, 1)):
        palette = make_palette(colormap, scale)
        table = np.frombuffer(palette.colours, np.uint8).reshape(-1, 3)
        painted = table[palette_indices(np.zeros((1, 1)), palette)[0, 0] - 1]
        # Between the two middle ones, which are far apart where land begins.
        assert np.abs(middle - painted).sum(axis=1).min() <= max(20, np.abs(middle[0] - middle[1]).sum())
