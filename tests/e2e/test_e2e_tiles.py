"""Tiles meet without a seam: their edges are what the files say, and what the tiles of the zoom above show."""

import io

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from pyproj import Transformer
from scipy.spatial import cKDTree
from tests.e2e.conftest import ROOT

API = "/api/v2.0"
SAMPLES = ROOT / "deploy" / "sample_data"
WORLD = 20037508.342789244
SQUARES = {  # left, top, side of tile 0/0/0, m
    "EPSG:3857": (-WORLD, WORLD, 2 * WORLD),
    "EPSG:32661": (-1154826.7379766018, 5154826.737976602, 6309653.4759532036),
    "EPSG:3031": (-3087442.3458218463, 3087442.3458218463, 6174884.6916436926),
}
FIELDS = {  # dataset: variable, file, its variable, latitude, longitude, what is chosen, scale
    "arctic_day": (
        "votemper", "projected/arctic20_roms_z.nc", "temperature", "latitude", "longitude",
        {"time": -1, "depth": 0}, (-3, 12),
    ),
    "nemo_global_month": (
        "tos", "nemo/nemo_1m_20150301-20150401_grid-T.nc", "tos", "nav_lat", "nav_lon", {"time_counter": -1}, (-3, 34),
    ),
    "ostia_month": (
        "surface_temperature", "regular/ostia_monthly.nc", "surface_temperature", "latitude", "longitude",
        {"time": -1}, (288, 307),
    ),
    "sfbofs_hour": ("zeta", "unstructured/sfbofs_fvcom.nc", "zeta", "lat", "lon", {"time": -1}, (-3, 3)),
}  # fmt: skip
SEAMS = [  # dataset, projection, zoom, two tiles with a common edge
    ("arctic_day", "EPSG:3857", [(4, 8, 3), (4, 9, 3)]),
    ("arctic_day", "EPSG:3857", [(5, 17, 6), (5, 17, 7)]),
    ("arctic_day", "EPSG:32661", [(3, 4, 4), (3, 4, 5)]),
    ("nemo_global_month", "EPSG:3857", [(3, 7, 4), (3, 0, 4)]),  # the date line
    ("nemo_global_month", "EPSG:3857", [(3, 4, 1), (3, 5, 1)]),  # the fold
    ("nemo_global_month", "EPSG:32661", [(2, 1, 2), (2, 2, 2)]),
    ("nemo_global_month", "EPSG:32661", [(6, 31, 52), (6, 32, 52)]),  # the pole
    ("nemo_global_month", "EPSG:3031", [(2, 0, 1), (2, 0, 2)]),
    ("ostia_month", "EPSG:3857", [(3, 7, 3), (3, 0, 3)]),
    ("ostia_month", "EPSG:3857", [(4, 2, 7), (4, 2, 8)]),  # the equator
    ("sfbofs_hour", "EPSG:3857", [(13, 1308, 3163), (13, 1309, 3163)]),
]


def grey(http, dataset, projection, tile, interp):
    """The values of a tile, NaN where it is transparent: of a grey scale, a shade is a value."""
    variable, *_, (low, high) = FIELDS[dataset]
    zoom, x, y = tile
    how = {"projection": projection, "interp": interp, "scale": f"{low},{high}", "colormap": "grey"}
    answer = http.get(f"{API}/tiles/{dataset}/{variable}/-1/0/{zoom}/{x}/{y}", params=how)
    assert answer.status_code == 200, answer.text
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA")).astype(float)
    shades = 255 - pixels[..., 0]  # white is the lowest value
    return np.where(pixels[..., 3] > 0, low + (high - low) * shades / 255, np.nan)


def centres(projection, zoom, x, y):
    left, top, side = SQUARES[projection]
    into = (np.arange(256) + 0.5) / 256
    where = np.meshgrid(left + side * (x + into) / 2**zoom, top - side * (y + into) / 2**zoom)
    longitude, latitude = Transformer.from_crs(projection, "EPSG:4326", always_xy=True).transform(*where)
    return sphere(latitude, longitude)


def sphere(latitude, longitude):
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def cells(dataset):
    """Centres of all cells, and their values: as xarray reads them."""
    _, file, name, latitude, longitude, chosen, _ = FIELDS[dataset]
    with xr.open_dataset(SAMPLES / file, decode_times=False, drop_variables=["siglay", "siglev"]) as opened:
        field = opened[name].isel(chosen)
        phi, lam = opened[latitude].values, opened[longitude].values
        if phi.ndim == 1 and field.ndim == 2:
            phi, lam = np.meshgrid(phi, lam, indexing="ij")
        return sphere(phi, lam).reshape(-1, 3), field.values.ravel()


def edges(pair, one, other):
    """The pixels on both sides of the common edge of two tiles."""
    beside = pair[0][2] == pair[1][2]
    return (one[:, -1], other[:, 0]) if beside else (one[-1], other[0])


@pytest.mark.parametrize(("dataset", "projection", "pair"), SEAMS)
def test_both_sides_of_an_edge_are_the_nearest_cells_of_the_file(http, dataset, projection, pair):
    where, values = cells(dataset)
    tree = cKDTree(where)
    tiles = [grey(http, dataset, projection, tile, "nearest") for tile in pair]
    places = [centres(projection, *tile) for tile in pair]
    painted = 0
    for shown, points in zip(edges(pair, *tiles), edges(pair, *places), strict=True):
        apart, nearest = tree.query(points, k=6)
        # Of cells that are equally near either is right; coordinates are in single precision.
        candidates = np.where(apart <= apart[:, :1] * 1.001 + 1e-6, values[nearest], np.inf)
        step = (FIELDS[dataset][-1][1] - FIELDS[dataset][-1][0]) / 255
        right = (np.abs(candidates - shown[:, np.newaxis]) <= step).any(axis=1)
        absent = np.isnan(candidates).any(axis=1)
        rim = np.isnan(shown) & (apart[:, 0] > 0.35 * apart[:, 1:].min(axis=1))  # or beside the grid
        assert (right | (np.isnan(shown) & absent) | rim).all()
        painted += np.isfinite(shown).sum()
    assert painted > 20


@pytest.mark.parametrize("interp", ["gaussian", "bilinear", "inverse"])
@pytest.mark.parametrize(
    ("dataset", "projection", "tile"),
    [
        ("arctic_day", "EPSG:3857", (4, 8, 3)),
        ("nemo_global_month", "EPSG:3857", (3, 0, 4)),
        ("nemo_global_month", "EPSG:32661", (1, 0, 1)),
        ("nemo_global_month", "EPSG:3031", (1, 0, 0)),
        ("ostia_month", "EPSG:3857", (3, 0, 3)),
    ],
)
def test_four_tiles_together_are_the_tile_of_the_zoom_above(http, dataset, projection, tile, interp):
    zoom, x, y = tile
    below = [
        [grey(http, dataset, projection, (zoom + 1, 2 * x + i, 2 * y + j), interp) for i in (0, 1)] for j in (0, 1)
    ]
    # The centre of a pixel is the corner of four smaller ones.
    mean = np.block(below).reshape(256, 2, 256, 2).mean(axis=(1, 3))
    apart = np.abs(mean - grey(http, dataset, projection, tile, interp))
    step = (FIELDS[dataset][-1][1] - FIELDS[dataset][-1][0]) / 255
    seam = np.concatenate([apart[127:129].ravel(), apart[:, 127:129].ravel()])
    existing = seam[np.isfinite(seam)]
    assert len(existing) > 50
    assert np.quantile(existing, 0.95) <= 1.5 * step
    assert np.quantile(existing, 0.95) <= np.nanquantile(apart, 0.95) + step


def test_tiles_outside_the_square_of_a_polar_map_are_blank(http):
    for x, y in ((-1, 0), (4, 4), (0, -1)):
        assert np.isnan(grey(http, "arctic_day", "EPSG:32661", (2, x, y), "nearest")).all()


def opaque_colours(content):
    """The colours of a picture, without its transparent pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).reshape(-1, 4)
    return np.unique(pixels[pixels[:, 3] == 255][:, :3], axis=0).astype(int)


def check_legend(http, dataset, variable):
    """The colours of a variable's tiles are those of its legend in both languages, and of its stops."""
    key, scale = variable["id"], ",".join(map(repr, variable["scale"]))
    tiles = [
        http.get(f"{API}/tiles/{dataset}/{key}/-1/0/1/{x}/{y}", params={"scale": scale}) for x in (0, 1) for y in (0, 1)
    ]
    painted = np.concatenate([opaque_colours(tile.content) for tile in tiles if tile.is_success])
    for language in ("en", "fr"):
        legend = f"{API}/scale/{dataset}/{key}/{scale}"
        bar = opaque_colours(http.get(legend, params={"lang": language}).content)
        # The bar is drawn in single precision.
        assert not painted.size or cKDTree(bar).query(painted, p=np.inf)[0].max() <= 3, (dataset, key, language)
        stops = http.get(legend, params={"lang": language, "format": "json"}).json()["stops"]
        assert {*map(tuple, painted.tolist())} <= {tuple(bytes.fromhex(stop["colour"][1:])) for stop in stops}


@pytest.mark.ci
def test_legends_of_all_datasets_have_the_colours_of_tiles_in_both_languages(http):
    for dataset in http.get(f"{API}/datasets").json():
        for variable in http.get(f"{API}/dataset/{dataset['id']}/variables").json():
            check_legend(http, dataset["id"], variable)
