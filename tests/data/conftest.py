"""Assets of the shipped files and of small made ones, and an app over them."""

import json
from pathlib import Path

import cftime
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from tests.data.indexed_files import IndexedFiles
from tests.data.stored_files import stored_server  # noqa: F401  a fixture

from ocean_common.contracts.assets import (
    Array,
    Assets,
    DatasetFiles,
    DepthAxis,
    Dimension,
    File,
    FileGroup,
    Grid,
    Steps,
    VariableInfo,
)
from ocean_core.errors import DatasetNotFound, NotFound, VariableNotFound
from ocean_data.app import create_app
from ocean_data.extraction import PLANS
from ocean_data.plan.extraction import read_values
from ocean_data.reading.base import GridStore, Reading, ThreadPool
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import MIB, Settings

SHIPPED = Path(__file__).parents[2] / "deploy" / "sample_data"
ROLES = {
    "time": ("time", "time_counter", "ocean_time"),
    "depth": ("depth", "deptht"),
    "y": ("latitude", "lat", "y", "Y", "eta_u", "eta_v"),
    "x": ("longitude", "lon", "x", "X", "xi_u", "xi_v"),
}


def array(values, dtype):
    full = np.ascontiguousarray(values, dtype=dtype)
    return Array(dtype=full.dtype.str, shape=full.shape, data=full.tobytes())


def role_of(name):
    return next((role for role, names in ROLES.items() if name in names), "other")


def describe(paths, source, *, kind, time="time", latitude=None, longitude=None, key=None, dataset="made", **grid):
    """Assets as the metadata service would tell them, read with netCDF4 and cftime."""
    paths = [paths] if isinstance(paths, (str, Path)) else paths
    times, files = [], []
    for number, path in enumerate(paths):
        stat = Path(path).stat()
        files.append(File(path=str(path), size=stat.st_size, mtime_ns=stat.st_mtime_ns))
        with netCDF4.Dataset(path) as opened:
            opened.set_auto_maskandscale(False)
            variable = opened[source]
            dimensions = [
                Dimension(name=name, size=size, role=role_of(name))
                for name, size in zip(variable.dimensions, variable.shape, strict=True)
            ]
            sizes = {dimension.role: dimension.size for dimension in dimensions}
            shape = (sizes["y"], sizes["x"])
            vertical = next((dimension.name for dimension in dimensions if dimension.role == "depth"), None)
            depth = None
            if vertical:
                levels = opened[vertical][:].astype(float).tolist()
                depth = DepthAxis(name=vertical, kind="depth", values=levels)
            by_name = {"units": getattr(variable, "units", "1"), "standard": getattr(variable, "standard_name", None)}
            if "time" in sizes:
                raw, units = opened[time][:], opened[time].units
                calendar = getattr(opened[time], "calendar", "standard")
                for position, value in enumerate(np.atleast_1d(raw)):
                    when = cftime.num2date(value, units, calendar)
                    seconds = np.datetime64(when.isoformat(), "s").astype(np.int64)
                    times.append((round(float(value)), int(seconds), number, position))
    steps = None
    if times:
        times.sort(key=lambda step: step[1])
        raw, seconds, file, position = zip(*times, strict=True)
        steps = Steps(
            raw=array(raw, "<i8"),
            seconds=array(seconds, "<i8"),
            file=array(file, "<i4"),
            position=array(position, "<i4"),
            units=units,
            calendar=calendar,
        )
    return Assets(
        dataset=dataset,
        revision="r1",
        variable=VariableInfo(
            dataset=dataset,
            key=key or source,
            name=(key or source).title(),
            units=by_name["units"],
            standard_name=by_name["standard"],
            scale=(0.0, 1.0),
            two_dimensional=depth is None,
        ),
        source=source,
        dimensions=dimensions,
        grid=Grid(
            id=f"{paths[0]}:{latitude}:{grid.get('y_axis')}",
            kind=kind,
            shape=shape,
            file=str(paths[0]),
            latitude=latitude,
            longitude=longitude,
            **grid,
        ),
        depth=depth,
        files=files,
        steps=steps,
    )


def _arctic(source, key=None):
    path = SHIPPED / "projected" / "arctic20_roms_z.nc"
    with netCDF4.Dataset(path) as opened:
        mapping = {
            name: opened["polar_stereographic"].getncattr(name) for name in opened["polar_stereographic"].ncattrs()
        }
    return describe(
        path, source, kind="projected", latitude="latitude", longitude="longitude", y_axis="Y", x_axis="X",
        axis_factor=1000.0, mapping=mapping, key=key, dataset="arctic_day", bounds=(-10.75, 64.8, 52.19, 82.38),
    )  # fmt: skip


def _nemo():
    paths = sorted((SHIPPED / "nemo").glob("nemo_1m_*.nc"))
    return describe(
        paths, "tos", kind="curvilinear", time="time_centered", latitude="nav_lat", longitude="nav_lon",
        dataset="nemo_global_month",
    )  # fmt: skip


def _ostia():
    path = SHIPPED / "regular" / "ostia_monthly.nc"
    return describe(
        path, "surface_temperature", kind="rectilinear", latitude="latitude", longitude="longitude",
        dataset="ostia_month", bounds=(-180.0, -5.0, 180.0, 5.0),
    )  # fmt: skip


def _wcofs(point):
    path = SHIPPED / "roms" / "wcofs_surface_uv.nc"
    return describe(
        path, f"{point}_sur", kind="curvilinear", time="ocean_time", latitude=f"lat_{point}",
        longitude=f"lon_{point}", dataset="wcofs_hour",
    )  # fmt: skip


@pytest.fixture(scope="session")
def shipped():
    """Assets of the shipped variables, by dataset and key."""
    created = [
        *(_arctic(*names) for names in (("temperature", "votemper"), ("u", "x_velocity"), ("v", "y_velocity"), ("h",))),
        _arctic("zeta"),
        _nemo(),
        _ostia(),
        _wcofs("u"),
        _wcofs("v"),
    ]
    return {(item.dataset, item.variable.key): item for item in created}


@pytest.fixture
def source():
    opened = NetCDFSource(8, 64 * MIB)
    yield opened
    opened.close()


@pytest.fixture
def described():
    """Tells what is in a file, as the metadata service would."""
    return describe


@pytest.fixture
def app_over(source):
    """Makes the app over some assets."""
    return lambda assets, **settings: make_app(assets, source, **settings)


@pytest.fixture
def extract(source):
    """Plans and reads an extraction: all its values by key, its coordinates among them."""
    reading = Reading(source=source, grids=GridStore(source, 64 * MIB, 64 * MIB))

    def run(assets, asked):
        planned = PLANS[type(asked)](reading, assets, asked)
        values = read_values(planned, reading)
        return {coordinate.name: coordinate.values for coordinate in planned.coordinates} | values

    return run


class FakeCatalogue:
    """Knows the assets it is given."""

    def __init__(self, assets):
        self.known = {(asset.dataset, asset.variable.key): asset for asset in assets}

    async def revision(self, dataset):
        for (name, _), item in self.known.items():
            if name == dataset:
                return item.revision
        raise DatasetNotFound(f"there is no dataset {dataset!r}; see /api/v2.0/datasets")

    async def assets(self, dataset, variable):
        await self.revision(dataset)
        if (dataset, variable) not in self.known:
            raise VariableNotFound(f"{dataset} has no variable {variable!r}")
        return self.known[dataset, variable]

    async def variable(self, dataset, variable):
        return (await self.assets(dataset, variable)).variable

    async def variables(self, dataset):
        await self.revision(dataset)
        return [item.variable for (name, _), item in self.known.items() if name == dataset]

    async def files(self, dataset):
        groups = [
            FileGroup(
                files=item.files,
                variables=[item.source],
                time=next((dimension.name for dimension in item.dimensions if dimension.role == "time"), ""),
                steps=item.steps,
            )
            for (name, _), item in self.known.items()
            if name == dataset
        ]
        return DatasetFiles(dataset=dataset, revision=await self.revision(dataset), groups=groups)


class NoAreas:
    async def area(self, key):
        raise NotFound(f"there is no area {key!r}; see /api/v2.0/kml/area", field="area")


def make_app(assets, source, **settings):
    chosen = Settings(**settings)
    return create_app(
        catalogue=assets if isinstance(assets, FakeCatalogue) else FakeCatalogue(assets),
        areas=NoAreas(),
        source=source,
        workers=ThreadPool(2, 100),
        settings=chosen,
    )


@pytest.fixture(scope="session")
def client(shipped):
    source = NetCDFSource(8, 64 * MIB)
    with TestClient(make_app(shipped.values(), source)) as opened:
        yield opened
    source.close()


class ServedFiles:
    """A data service whose files are those of one test after the other: it is made once, which takes longer than most.

    Nothing of a test is taken for that of another: their files, and with them the revisions, have other paths.
    """

    def __init__(self, source):
        self._catalogue = FakeCatalogue([])
        self._client = TestClient(make_app(self._catalogue, source))

    def __enter__(self):
        self._client.__enter__()
        return self

    def __exit__(self, *reason):
        self._client.__exit__(*reason)

    def over(self, assets):
        """The client of the service, which serves these assets from now on."""
        self._catalogue.known = assets
        return self._client


@pytest.fixture(scope="session")
def served_files():
    source = NetCDFSource(8, 64 * MIB)
    with ServedFiles(source) as served:
        yield served
    source.close()


@pytest.fixture
def indexed(tmp_path, served_files):
    """Index the files of the test's folder, or a configuration over them."""
    made = []

    def index(**sources):
        made.append(IndexedFiles(tmp_path / ".catalogue.sqlite3", served_files, **sources or {"folder": tmp_path}))
        return made[-1]

    yield index
    for item in made:
        item.close()


@pytest.fixture
def write_configuration(tmp_path):
    """Write a configuration of datasets."""

    def write(content):
        path = tmp_path / "datasets.json"
        path.write_text(json.dumps(content))
        return path

    return write
