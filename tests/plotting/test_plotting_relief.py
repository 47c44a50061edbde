"""Heights from files of many kinds, in windows."""

import os
import pickle
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from ocean_common.settings import SettingsError
from ocean_plotting.basemap import relief as adapter
from ocean_plotting.basemap.relief import Level, cut_window, halve_resolution, open_relief

SHIPPED = Path(__file__).parents[2] / "deploy/sample_data/topo/etopo1_6min_int16.nc"
SAMPLES = os.environ.get("OCEAN_SAMPLES")


def height(latitude, longitude):
    """A made-up world, smooth around the date line."""
    return 1000 * np.sin(np.radians(3 * latitude)) + 500 * np.cos(np.radians(longitude))


def write(path, *, latitudes, longitudes, name="elevation", dims=("lat", "lon"), sign=1, turned=False, **attributes):
    with netCDF4.Dataset(path, "w") as file:
        for dim, units, values in zip(dims, ("degrees_north", "degrees_east"), (latitudes, longitudes), strict=True):
            file.createDimension(dim, len(values))
            file.createVariable(dim, "f8", (dim,))[:] = values
            file[dim].units = units
        values = sign * height(latitudes[:, np.newaxis], longitudes[np.newaxis])
        created = file.createVariable(name, "f4", dims[::-1] if turned else dims)
        created.setncatts(attributes)
        created[:] = values.T if turned else values
    return path


@pytest.fixture(scope="module")
def shipped():
    return open_relief(SHIPPED)


CENTRES = np.arange(-89.5, 90.0)
KINDS = {
    "as GEBCO has it": {"latitudes": CENTRES, "longitudes": np.arange(-179.5, 180)},
    "on the grid's lines": {"latitudes": np.arange(-90.0, 91.0), "longitudes": np.arange(-180.0, 181.0)},
    "from 0 to 360, north first": {"latitudes": CENTRES[::-1], "longitudes": np.arange(0.5, 360)},
    "as GDAL writes it": {
        "latitudes": CENTRES,
        "longitudes": np.arange(-179.5, 180),
        "name": "Band1",
        "dims": ("y", "x"),
    },
    "depths": {"latitudes": CENTRES, "longitudes": np.arange(-179.5, 180), "name": "deptho", "sign": -1},
    "positive down": {"latitudes": CENTRES, "longitudes": np.arange(0.5, 360), "sign": -1, "positive": "down"},
    "longitude first": {"latitudes": CENTRES, "longitudes": np.arange(-179.5, 180), "turned": True},
}
BOXES = [
    (170.0, -10.0, -170.0, 10.0),
    (-180.0, -90.0, 180.0, 90.0),
    (350.0, 40.0, 365.0, 55.5),
    (-75.0, 40.0, -40.0, 60.0),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("box", BOXES)
def test_heights_of_a_box_are_those_of_the_file_however_it_is_written(tmp_path, kind, box):
    latitudes, longitudes, heights = open_relief(write(tmp_path / "a.nc", **KINDS[kind])).heights(box, 10_000)
    west, south, east, north = box
    assert (latitudes[0], latitudes[-1]) == (pytest.approx(south, abs=2), pytest.approx(north, abs=2))
    assert 0 <= (west - longitudes[0]) <= 3
    assert 0 <= longitudes[-1] - longitudes[0] - ((east - west) % 360 or 360) <= 6
    assert (np.diff(latitudes) > 0).all()
    np.testing.assert_allclose(np.diff(longitudes), 1.0)
    np.testing.assert_allclose(heights, height(latitudes[:, np.newaxis], longitudes), atol=1e-3)


def test_the_shipped_relief_has_its_deeps_and_mountains_where_they_are(shipped):
    def extreme(box, which):
        return float(which(shipped.heights(box, 10_000)[2]))

    assert extreme((141, 10, 144, 13), np.nanmin) < -10_000  # Challenger Deep
    assert extreme((86, 27, 88, 29), np.nanmax) > 7_000  # Mount Everest, of cells of 11 km
    assert shipped.spacing == pytest.approx(0.1)


def test_windows_are_those_of_another_reader(shipped):
    latitudes, longitudes, heights = shipped.window((-60.0, 40.0, -50.0, 50.0), 0.1)
    with netCDF4.Dataset(SHIPPED) as file:
        rows, columns = (
            np.abs(np.asarray(file[name][:])[:, np.newaxis] - expected).argmin(axis=0)
            for name, expected in (("lat", latitudes), ("lon", longitudes % 360))
        )
        np.testing.assert_array_equal(heights, file["elevation"][:][np.ix_(rows, columns)])


def test_few_cells_come_from_a_coarser_level_that_keeps_means(shipped):
    fine = shipped.heights((-40.0, 20.0, -20.0, 40.0), 200)[2]
    coarse = shipped.heights((-40.0, 20.0, -20.0, 40.0), 25)[2]
    assert coarse.shape[0] < 35 < fine.shape[0]
    assert coarse.mean() == pytest.approx(fine.mean(), rel=0.05)


def test_a_coarser_level_goes_around_and_keeps_straight_slopes():
    longitudes, latitudes = np.arange(-180.0, 180.0, 5.0), np.arange(-90.0, 91.0, 5.0)
    plane = np.repeat(latitudes[:, np.newaxis], longitudes.size, axis=1).astype(np.float32)
    coarse = halve_resolution(Level(heights=plane, south=-90.0, west=-180.0, step=(5.0, 5.0)))
    assert coarse.is_global
    _, _, heights = cut_window(coarse, (170.0, -60.0, -170.0, 60.0))
    np.testing.assert_allclose(heights[:, 0], cut_window(coarse, (0.0, -60.0, 10.0, 60.0))[0], atol=1e-4)


def test_beside_a_regional_file_there_is_nothing(tmp_path):
    north, east = np.arange(50.05, 60, 0.1), np.arange(-30.05, -19.9, 0.1)
    relief = open_relief(write(tmp_path / "a.nc", latitudes=north, longitudes=east))
    latitudes, longitudes, heights = relief.heights((-35.0, 45.0, -25.0, 65.0), 10_000)
    inside = np.outer((latitudes > 50) & (latitudes < 60), (longitudes > -30.1) & (longitudes < -20))
    assert np.isnan(heights[~inside]).all()
    assert not np.isnan(heights[inside]).any()
    assert np.isnan(relief.heights((100.0, 0.0, 110.0, 5.0), 100)[2]).all()


def test_a_large_file_is_read_where_it_is_viewed_and_its_overview_is_cached(tmp_path, monkeypatch):
    monkeypatch.setattr(adapter, "IN_MEMORY", 5_000)
    monkeypatch.setattr(adapter.tempfile, "tempdir", str(tmp_path))
    path = write(tmp_path / "a.nc", **KINDS["as GEBCO has it"])
    relief = open_relief(path)
    latitudes, longitudes, heights = relief.heights((170.0, -10.0, -170.0, 10.0), 20)
    np.testing.assert_allclose(heights, height(latitudes[:, np.newaxis], longitudes), atol=1e-3)
    latitudes, longitudes, heights = relief.heights((170.0, -10.0, -170.0, 10.0), 10)  # means of blocks, read now
    np.testing.assert_allclose(heights, height(latitudes[:, np.newaxis], longitudes), atol=5)
    assert latitudes[1] - latitudes[0] == pytest.approx(2.0)
    stored = list(tmp_path.glob("ocean-plotting-*/a-*.npy"))
    assert len(stored) == 1
    latitudes, longitudes, heights = open_relief(path).heights((-180.0, -90.0, 180.0, 90.0), 45)
    np.testing.assert_allclose(heights, height(latitudes[:, np.newaxis], longitudes), atol=100)
    assert list(tmp_path.glob("ocean-plotting-*/a-*.npy")) == stored


@pytest.mark.parametrize("made_by_others", ["a folder that all may write", "a link", "a file"])
def test_an_overview_is_never_read_from_where_others_may_write(tmp_path, monkeypatch, made_by_others):
    monkeypatch.setattr(adapter.tempfile, "tempdir", str(tmp_path))
    private = adapter.private_folder()
    assert private.stat().st_mode & 0o777 == 0o700
    assert adapter.private_folder() == private
    private.rmdir()
    if made_by_others == "a link":
        private.symlink_to(tmp_path)
    elif made_by_others == "a file":
        private.touch()
    else:
        private.mkdir()
        private.chmod(0o777)
    folder = adapter.private_folder()
    assert folder not in {private, tmp_path}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_it_may_be_sent_to_another_process(shipped):
    sent = pickle.loads(pickle.dumps(shipped))
    assert sent.version == shipped.version
    np.testing.assert_array_equal(sent.heights((0, 0, 5, 5), 10)[2], shipped.heights((0, 0, 5, 5), 10)[2])


def test_an_invalid_relief_file_is_refused_by_the_name_of_the_setting(tmp_path):
    (tmp_path / "text.nc").write_text("no")
    uneven = write(tmp_path / "b.nc", latitudes=np.array([0.0, 1, 5]), longitudes=np.arange(4.0))
    nothing = write(tmp_path / "c.nc", latitudes=CENTRES, longitudes=np.arange(4.0), dims=("row", "column"))
    with netCDF4.Dataset(nothing, "a") as file:
        for name in ("row", "column"):
            file[name].units = "1"
    for path in (tmp_path / "text.nc", tmp_path / "none.nc", uneven, nothing):
        with pytest.raises(SettingsError, match="OCEAN_PLOTTING_RELIEF"):
            open_relief(path)


@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES names no folder")
@pytest.mark.parametrize("name", ["etopo20.cdf", "ETOPO1_Bed_piece_denmark_strait.grd", "etopo1_6min_int16.nc"])
def test_every_sample_file_of_heights_is_read(name):
    heights = open_relief(Path(SAMPLES) / "topo" / name).heights((-28.0, 65.0, -26.0, 66.5), 50)[2]
    assert -1500 < np.nanmean(heights) < -200  # the Denmark Strait
