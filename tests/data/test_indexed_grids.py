"""Grids from the file to the answer: indexed by the metadata service, read by the data service, against the numbers."""

import netCDF4
import numpy as np
import pytest
import shapely
from scipy.spatial import Delaunay
from tests.data.indexed_files import WORLD, add, tilted

SEA_TEMPERATURE = {"standard_name": "sea_water_potential_temperature", "units": "degC"}


@pytest.mark.parametrize("fill", [0.0, -1.0, -999.0, 1e20, 9999.0])
def test_blocks_of_land_without_places_take_no_part(tmp_path, indexed, fill):
    latitude, longitude = tilted()
    hole = np.zeros(latitude.shape, bool)
    hole[5:9, 10:16] = hole[0, 0] = True
    temperature = np.where(hole, 99.0, latitude - longitude)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "nav_lat", ("y", "x"), np.where(hole, fill, latitude), units="degrees_north", dtype="f4")
        add(data, "nav_lon", ("y", "x"), np.where(hole, fill, longitude), units="degrees_east", dtype="f4")
        add(data, "temp", ("y", "x"), temperature, **SEA_TEMPERATURE)
    files = indexed()
    record = files.datasets["a"]
    placed = ~hole
    box = [longitude[placed].min(), latitude[placed].min(), longitude[placed].max(), latitude[placed].max()]
    np.testing.assert_allclose(record.grids[0].grid.bounds, box, atol=1e-4)
    assert any("25 of 600 cells have no place" in str(note.text) for note in record.notes)
    count, least, greatest, _ = files.statistics("a/temp", (-180, -80, 180, 80))
    assert count == placed.sum()
    np.testing.assert_allclose((least, greatest), (temperature[placed].min(), temperature[placed].max()), rtol=1e-6)
    assert files.value("a/temp", latitude[12, 20], longitude[12, 20]) == pytest.approx(temperature[12, 20], rel=1e-6)
    assert files.get("a/temp/point", latitude=0, longitude=0).status_code == 422


@pytest.mark.parametrize(("north", "east"), [("radian", "radian"), ("radians_north", "radians_east"), ("rad", "rad")])
def test_coordinates_in_radians_are_places_in_degrees(tmp_path, indexed, north, east):
    latitude, longitude = np.arange(40.0, 50), np.arange(-50.0, -38)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "clat", ("clat",), np.radians(latitude), units=north, standard_name="latitude")
        add(data, "clon", ("clon",), np.radians(longitude), units=east, standard_name="longitude")
        field = latitude[:, np.newaxis] + longitude
        add(data, "temp", ("clat", "clon"), field, **SEA_TEMPERATURE)
    files = indexed()
    assert files.datasets["a"].grids[0].grid.bounds == (-50, 40, -39, 49)
    assert any("to degrees" in str(note.text) for note in files.datasets["a"].notes)
    assert files.value("a/temp", 45, -45) == 0.0
    assert files.get("a/temp/point", latitude=0.785, longitude=-0.785).status_code == 422
    assert files.statistics("a/temp", (-46.5, 43.5, -42.5, 47.5))[0] == 16


@pytest.mark.parametrize("degrees", [1.0, np.pi / 180])
def test_places_that_count_southwards_and_westwards_are_south_and_west(tmp_path, indexed, degrees):
    unit = "degrees" if degrees == 1.0 else "radians"
    south, west = np.arange(40.0, 50), np.arange(50.0, 38, -1)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), south * degrees, units=f"{unit}_south", standard_name="latitude")
        add(data, "lon", ("lon",), west * degrees, units=f"{unit}_west", standard_name="longitude")
        add(data, "temp", ("lat", "lon"), south[:, np.newaxis] - west, **SEA_TEMPERATURE)
    files = indexed()
    np.testing.assert_allclose(files.datasets["a"].grids[0].grid.bounds, (-50, -49, -39, -40))
    assert sum("its sign is changed" in str(note.text) for note in files.datasets["a"].notes) == 2
    assert files.value("a/temp", -45, -41) == 4.0


def test_negative_degrees_west_are_degrees_east(tmp_path, indexed):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(40.0, 50), units="degrees_north")
        add(data, "lon", ("lon",), np.arange(-50.0, -38), units="degrees_west")
        add(data, "temp", ("lat", "lon"), np.ones((10, 12)), **SEA_TEMPERATURE)
    record = indexed().datasets["a"]
    assert record.grids[0].grid.bounds == (-50, 40, -39, 49)
    assert any("its sign is kept" in str(note.text) for note in record.notes)


def test_degrees_that_are_called_radians_stay_degrees(tmp_path, indexed):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(40.0, 50), units="radians", standard_name="latitude")
        add(data, "lon", ("lon",), np.arange(-50.0, -38), units="radians", standard_name="longitude")
        add(data, "temp", ("lat", "lon"), np.ones((10, 12)), **SEA_TEMPERATURE)
    record = indexed().datasets["a"]
    assert record.grids[0].grid.bounds == (-50, 40, -39, 49)
    assert any("can only be degrees" in str(note.text) for note in record.notes)


@pytest.mark.parametrize("mapping", ["latitude_longitude", "polar_stereographic"])
def test_data_with_the_attributes_of_a_grid_mapping_stay_data(tmp_path, indexed, mapping):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(40.0, 44), units="degrees_north")
        add(data, "lon", ("lon",), np.arange(-50.0, -46), units="degrees_east")
        field = np.arange(16.0).reshape(4, 4)
        add(data, "sst", ("lat", "lon"), field, grid_mapping_name=mapping, **SEA_TEMPERATURE)
        add(data, "other", ("lat", "lon"), field + 1)
    files = indexed()
    assert {key for _, key in files.assets} == {"sst", "other"}
    assert (files.value("a/sst", 42, -47), files.value("a/other", 42, -47)) == (11.0, 12.0)


# Land masks


def roms_file(path):
    """Write a staggered grid whose land is filled with zeros; return its masks, and the depth of the sea everywhere."""
    latitude, longitude = tilted(12, 10)
    generator = np.random.default_rng(5)
    mask = generator.integers(0, 2, (12, 10)).astype(float)
    masks = {"rho": mask, "u": mask[:, 1:] * mask[:, :-1], "v": mask[1:] * mask[:-1]}
    fields = {point: generator.uniform(1, 9, (2, 3, *values.shape)) for point, values in masks.items()}
    with netCDF4.Dataset(path, "w") as data:
        add(data, "ocean_time", ("ocean_time",), [0.0, 1.0], units="hours since 2020-01-01")
        for (point, values), name in zip(masks.items(), ("temp", "u", "v"), strict=True):
            cells = f"eta_{point}", f"xi_{point}"
            rows, columns = values.shape
            add(data, f"lat_{point}", cells, latitude[:rows, :columns], units="degrees_north")
            add(data, f"lon_{point}", cells, longitude[:rows, :columns], units="degrees_east")
            add(data, f"mask_{point}", cells, values, flag_values=[0.0, 1.0], flag_meanings="land water")
            add(data, name, ("ocean_time", "s_rho", *cells), np.where(values == 0, 0, fields[point]))
        wet = np.stack([mask, mask * (np.arange(10) > 3)])
        add(data, "zeta", ("ocean_time", "eta_rho", "xi_rho"), np.where(mask == 0, 0, 1.0 + wet), units="m")
        land_air = generator.uniform(1, 9, (2, 12, 10))
        add(data, "Tair", ("ocean_time", "eta_rho", "xi_rho"), land_air, standard_name="air_temperature", units="degC")
    return masks, fields, wet


def test_a_mask_hides_the_land_of_its_own_point_of_the_grid(tmp_path, indexed):
    masks, fields, _ = roms_file(tmp_path / "a.nc")
    files = indexed()
    record = files.datasets["a"]
    assert {note.name for note in record.notes if note.kind == "masked"} == {"mask_rho", "mask_u", "mask_v"}
    for point, name in (("rho", "temp"), ("u", "u"), ("v", "v")):
        sea = masks[point] == 1
        for step in range(2):
            count, least, greatest, _ = files.statistics(f"a/{name}", WORLD, time=step, depth=1)
            values = fields[point][step, 1][sea]
            assert count == sea.sum()
            np.testing.assert_allclose((least, greatest), (values.min(), values.max()), rtol=1e-6)
    assert files.statistics("a/Tair", WORLD, time=0)[0] == 120  # the air has values over land


def test_a_mask_hides_land_of_points_series_profiles_and_the_bottom(tmp_path, indexed):
    masks, fields, _ = roms_file(tmp_path / "a.nc")
    files = indexed()
    latitude, longitude = tilted(12, 10)
    for row, column in ((0, 0), (3, 4), (7, 2), (11, 9), (5, 5)):
        place = {"latitude": latitude[row, column], "longitude": longitude[row, column]}
        path = "a/temp/timeseries"
        series = files.get(path, depth=1, start="2020-01-01", end="2020-01-02", **place)
        wanted = fields["rho"][:, 1, row, column] if masks["rho"][row, column] else [np.nan] * 2
        assert series.status_code == 200, series.text
        values = np.array(series.json()["values"], float)
        np.testing.assert_allclose(values.ravel(), wanted, rtol=1e-6)
        bottom = files.value("a/temp", *place.values(), depth="bottom", time=0)
        assert (bottom is None) == (masks["rho"][row, column] == 0)
        assert files.value("a/mask_rho", *place.values()) == masks["rho"][row, column]  # the mask itself stays


def test_the_outline_and_the_limits_of_colours_are_those_of_the_sea(tmp_path, indexed):
    latitude, longitude = np.arange(40.0, 50), np.arange(-50.0, -40)
    sea = np.ones((10, 10), "i1")
    sea[:, :4] = 0
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), latitude, units="degrees_north")
        add(data, "lon", ("lon",), longitude, units="degrees_east")
        add(data, "wet", ("lat", "lon"), sea, dtype="i1", standard_name="sea_binary_mask")
        add(data, "tracer", ("lat", "lon"), np.where(sea == 0, -5000.0, 20 + latitude[:, np.newaxis]), units="kg")
    record = indexed().datasets["a"]
    outline = shapely.from_geojson(record.grids[0].footprint)
    assert outline.bounds == pytest.approx((-46, 40, -41, 49), abs=0.01)
    scale = next(item.scale for item in record.variables if item.key == "tracer")
    assert scale[0] >= 55


@pytest.mark.parametrize("west", [0.125, -179.875, 73.0])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_the_outline_of_a_grid_around_the_earth_has_no_slit(tmp_path, indexed, west, dimensions):
    latitude, longitude = np.arange(-60.0, 61, 3), (west + np.arange(0, 360, 3)) % 360
    places = np.meshgrid(latitude, longitude, indexing="ij")
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        cells = [("lat",), ("lon",)] if dimensions == 1 else [("lat", "lon")] * 2
        latitudes, longitudes = (latitude, longitude) if dimensions == 1 else places
        add(data, "lat" if dimensions == 1 else "nav_lat", cells[0], latitudes, units="degrees_north")
        add(data, "lon" if dimensions == 1 else "nav_lon", cells[1], longitudes, units="degrees_east")
        add(data, "temp", ("lat", "lon"), places[0])
    grid = indexed().datasets["a"].grids[0]
    outline = shapely.from_geojson(grid.footprint)
    assert all(outline.intersects(shapely.Point(place, 10)) for place in np.arange(-180, 180.1, 0.5))


def test_the_outline_of_a_part_of_a_circle_stays_open(tmp_path, indexed):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(-60.0, 61, 3), units="degrees_north")
        add(data, "lon", ("lon",), np.arange(0.0, 340, 3), units="degrees_east")
        add(data, "temp", ("lat", "lon"), np.ones((41, 114)))
    outline = shapely.from_geojson(indexed().datasets["a"].grids[0].footprint)
    assert not outline.intersects(shapely.Point(-10, 10))
    assert outline.intersects(shapely.Point(-25, 10))


@pytest.mark.parametrize("levels", ["mask of levels", "mask of the surface"])
def test_a_mask_of_the_grid_file_is_that_of_the_variable_s_point(tmp_path, indexed, write_configuration, levels):
    latitude, longitude = tilted(8, 9)
    generator = np.random.default_rng(7)
    masks = {point: generator.integers(0, 2, (3, 8, 9)) for point in "tuvf"}
    masks = {point: np.minimum.accumulate(values, axis=0) for point, values in masks.items()}  # a floor, no caves
    if levels == "mask of the surface":
        masks = {point: np.broadcast_to(values[:1], values.shape) for point, values in masks.items()}
    field = generator.uniform(1, 9, (3, 8, 9))
    with netCDF4.Dataset(tmp_path / "mesh_mask.nc", "w") as data:
        add(data, "nav_lat", ("y", "x"), latitude, units="degrees_north")
        add(data, "nav_lon", ("y", "x"), longitude, units="degrees_east")
        for point, values in masks.items():
            if levels == "mask of levels":
                add(data, f"{point}mask", ("t", "z", "y", "x"), values[np.newaxis], dtype="i1")
            else:
                add(data, f"{point}maskutil", ("t", "y", "x"), values[:1], dtype="i1")
    for point, name in (("t", "votemper"), ("u", "vozocrtx")):
        with netCDF4.Dataset(tmp_path / f"grid_{point}.nc", "w") as data:
            add(data, "time_counter", ("time_counter",), [0.0], units="days since 2020-01-01")
            vertical = add(data, f"depth{point}", (f"depth{point}",), [1.0, 10.0, 100.0], units="m", positive="down")
            shape = "time_counter", vertical.name, "y", "x"
            add(data, name, shape, np.where(masks[point] == 0, 0, field)[np.newaxis])
    files = indexed(
        datasets=write_configuration(
            {
                point: {
                    "url": str(tmp_path / f"grid_{point}.nc"),
                    "geo_ref": {"url": str(tmp_path / "mesh_mask.nc")},
                    "variables": {name: {}},
                }
                for point, name in (("t", "votemper"), ("u", "vozocrtx"))
            }
        )
    )
    for point, name in (("t", "votemper"), ("u", "vozocrtx")):
        for level in range(3):
            sea = masks[point][level] == 1
            count, least, _, _ = files.statistics(f"{point}/{name}", WORLD, time=0, depth=level)
            assert (count, least) == (sea.sum(), pytest.approx(field[level][sea].min(), rel=1e-6))
    row, column = np.argwhere(masks["t"].sum(axis=0) > 0)[0]
    deepest = int(masks["t"][:, row, column].sum()) - 1
    bottom = files.value("t/votemper", latitude[row, column], longitude[row, column], depth="bottom")
    assert bottom == pytest.approx(field[deepest, row, column], rel=1e-6)


def test_a_mask_with_times_hides_what_is_dry_at_each_of_them(tmp_path, indexed):
    _, _, wet = roms_file(tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as data:
        add(data, "wetdry_mask_rho", ("ocean_time", "eta_rho", "xi_rho"), wet, flag_values=[0.0, 1.0],
            flag_meanings="dry wet")  # fmt: skip
    files = indexed()
    assert [files.statistics("a/zeta", WORLD, time=step)[0] for step in range(2)] == [(part == 1).sum() for part in wet]


def test_a_mask_that_hides_nothing_is_not_told(tmp_path, indexed):
    latitude, longitude = tilted(6, 7)
    sea = np.indices((6, 7)).sum(axis=0) % 2
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "nav_lat", ("y", "x"), latitude, units="degrees_north")
        add(data, "nav_lon", ("y", "x"), longitude, units="degrees_east")
        add(data, "tmask", ("y", "x"), sea)
        add(data, "temp", ("y", "x"), np.where(sea == 0, 1e20, 5.0), fill=1e20)
    files = indexed()
    assert not files.datasets["a"].notes
    assert files.assets["a", "temp"].land is None
    assert files.statistics("a/temp", WORLD)[0] == sea.sum()


@pytest.mark.parametrize("name", ["LANDMASK", "XLAND", "lsm"])
def test_a_mask_of_the_atmosphere_hides_the_sea_s_fields_alone(tmp_path, indexed, name):
    latitude, longitude = tilted(12, 10)
    generator = np.random.default_rng(11)
    land = generator.integers(0, 2, (12, 10))
    field = generator.uniform(280, 290, (2, 12, 10))
    dimensions = "Time", "south_north", "west_east"
    number, attributes = {
        "LANDMASK": (land, {"description": "LAND MASK (1 FOR LAND, 0 FOR WATER)"}),
        "XLAND": (2 - land, {"description": "LAND MASK (1 FOR LAND, 2 FOR WATER)"}),
        "lsm": (np.where(land, 1.0, 0.3), {"standard_name": "land_binary_mask"}),
    }[name]
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "XTIME", ("Time",), [0.0, 60.0], units="minutes since 2005-08-28")
        add(data, "XLAT", dimensions, np.stack([latitude, latitude]), units="degree_north")
        add(data, "XLONG", dimensions, np.stack([longitude, longitude]), units="degree_east")
        add(data, name, dimensions, np.stack([number, number]), **attributes)
        add(data, "SST", dimensions, np.where(land, field - 9, field), description="SEA SURFACE TEMPERATURE", units="K")
        add(data, "SSTSK", dimensions, np.where(land, 0, field), units="K")
        add(data, "FILLED", dimensions, np.where(land, 0, field), units="K")
        add(data, "TSK", dimensions, field, description="SURFACE SKIN TEMPERATURE", units="K")
        add(data, "PSFC", dimensions, field, long_name="Pressure, not reduced to mean sea level", units="Pa")
        add(data, "SMOIS", dimensions, np.where(land, field, 1.0), units="m3 m-3")
        add(data, "RAINNC", dimensions, field * np.array([0, 1])[:, np.newaxis, np.newaxis], units="mm")
    files = indexed()
    counts = {key: files.statistics(f"a/{key}", WORLD, time=60)[0] for _, key in files.assets if key != name}
    sea = (land == 0).sum()
    fields_of_the_sea = {"SST", "SSTSK", "FILLED"}
    assert counts == {key: sea if key in fields_of_the_sea else land.size for key in counts}


def test_a_mask_hides_the_fills_of_later_files(tmp_path, indexed):
    sea = np.ones((6, 7))
    sea[:, :3] = 0
    for day, fill in enumerate((1e20, 0.0, -5.0)):
        with netCDF4.Dataset(tmp_path / f"a_2020010{day + 1}.nc", "w") as data:
            add(data, "time", ("time",), [float(day)], units="days since 2020-01-01")
            add(data, "lat", ("lat",), np.arange(40.0, 46), units="degrees_north")
            add(data, "lon", ("lon",), np.arange(-50.0, -43), units="degrees_east")
            add(data, "tmask", ("lat", "lon"), sea)
            add(data, "temp", ("time", "lat", "lon"), np.where(sea == 0, fill, 5.0 + day)[np.newaxis], fill=1e20)
    files = indexed()
    answers = [files.statistics("a/temp", WORLD, time=step)[:3] for step in range(3)]
    assert answers == [[sea.sum(), 5.0 + day, 5.0 + day] for day in range(3)]


def test_nodes_that_are_dry_are_hidden_on_a_mesh(tmp_path, indexed):
    longitude, latitude = (values.ravel() for values in np.meshgrid(np.arange(-60.0, -55), np.arange(40.0, 45)))
    wet = np.stack([latitude < 43.5, latitude < 42.5]).astype(int)
    corners = Delaunay(np.stack([longitude, latitude], axis=1)).simplices
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "time", ("time",), [0.0, 1.0], units="days since 2020-01-01")
        add(data, "lat", ("node",), latitude, units="degrees_north")
        add(data, "lon", ("node",), longitude, units="degrees_east")
        add(data, "nv", ("three", "nele"), corners.T + 1, dtype="i4")
        add(data, "wet_nodes", ("time", "node"), wet, dtype="i4", option_0="Node dry", option_1="Node wet")
        add(data, "zeta", ("time", "node"), np.ones((2, 25)), units="m")
    files = indexed()
    assert [files.statistics("a/zeta", WORLD, time=step)[0] for step in range(2)] == [20, 15]
    assert files.value("a/zeta", 43.0, -58.0, time=1) is None


# Meshes of any faces, and files that are no grids


def mixed_faces():
    """Return nodes, and faces of three to six corners around them, -1 where one has fewer; they fill a rectangle."""
    y, x = np.meshgrid(np.arange(6.0), np.arange(8.0), indexing="ij")
    latitude, longitude = 45 + 0.1 * y.ravel(), -60 + 0.1 * x.ravel()
    faces = []
    for row in range(5):
        column = 0
        while column < 7:
            a, b = row * 8 + column, (row + 1) * 8 + column
            if row == 0:
                faces += [[a, a + 1, b + 1], [a, b + 1, b]]
            elif row == 1 and column < 6:
                faces.append([a, a + 1, a + 2, b + 2, b + 1, b])
                column += 1
            else:
                faces.append([a, a + 1, b + 1, b])
            column += 1
    table = np.full((len(faces), 6), -1)
    for number, face in enumerate(faces):
        table[number, : len(face)] = face
    return latitude, longitude, table


def mesh_values(latitude, longitude):
    return 2 + 3 * (latitude - 45) + 5 * (longitude + 60)


TABLES = {
    "from 0, with a fill": ({"start_index": 0}, -1, 0),
    "from 1, with a fill": ({"start_index": 1}, -999, 1),
    "from 1, nothing said": ({}, -1, 1),
    "from 1, filled with 0": ({}, 0, 1),
    "from 1, though it says 0": ({"start_index": 0}, -999, 1),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("has_topology", [True, False])
def test_faces_of_any_number_of_corners_are_cells(tmp_path, indexed, name, has_topology):
    attributes, fill, first = TABLES[name]
    latitude, longitude, faces = mixed_faces()
    polygons = [
        shapely.Polygon(zip(longitude[face[face >= 0]], latitude[face[face >= 0]], strict=True)) for face in faces
    ]
    middles = np.array([[latitude[face[face >= 0]].mean(), longitude[face[face >= 0]].mean()] for face in faces])
    table = np.where(faces < 0, fill, faces + first)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        if has_topology:
            data.createVariable("mesh", "i4").setncatts(
                {"cf_role": "mesh_topology", "node_coordinates": "lon lat", "face_node_connectivity": "faces"}
            )
        add(data, "lat", ("node",), latitude, units="degrees_north")
        add(data, "lon", ("node",), longitude, units="degrees_east")
        add(data, "faces", ("face", "most"), table, dtype="i4", fill=fill if attributes else None,
            cf_role="face_node_connectivity", **attributes)  # fmt: skip
        add(data, "temp", ("node",), mesh_values(latitude, longitude), mesh="mesh", location="node")
        add(data, "number", ("face",), np.arange(len(faces)), mesh="mesh", location="face")
    files = indexed()
    assert {key for _, key in files.assets} == {"temp", "number"}
    for number, polygon in enumerate(polygons):
        assert files.value("a/number", *middles[number]) == number
        place = polygon.representative_point()
        value = files.value("a/temp", place.y, place.x, interpolation="bilinear")
        assert value == pytest.approx(mesh_values(place.y, place.x), abs=3e-3)
    assert files.get("a/number/point", latitude=45.7, longitude=-59.7).status_code == 422
    # A bit of curvature is between the great circles of the faces and the straight edges of the polygons.
    mean = np.average(
        np.arange(len(faces)), weights=[part.area * np.cos(np.radians(part.centroid.y)) for part in polygons]
    )
    assert files.statistics("a/number", WORLD)[3] == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("names", [("elements", "nod2", "elem"), ("triag_nodes", "ncells", "ntriags")])
def test_a_mesh_in_a_file_of_its_own_is_that_of_the_data(tmp_path, indexed, write_configuration, names):
    table, node, element = names
    latitude, longitude, faces = mixed_faces()
    triangles = faces[faces[:, 3] < 0, :3]
    with netCDF4.Dataset(tmp_path / "mesh.nc", "w") as data:
        add(data, "lat", (node,), np.radians(latitude), units="radian", standard_name="latitude")
        add(data, "lon", (node,), np.radians(longitude), units="radian", standard_name="longitude")
        add(data, table, ("three", element) if table == "elements" else (element, "three"),
            triangles.T + 1 if table == "elements" else triangles + 1, dtype="i4")  # fmt: skip
    with netCDF4.Dataset(tmp_path / "nodes.nc", "w") as data:
        add(data, "time", ("time",), [0.0, 1.0], units="days since 2020-01-01")
        add(data, "temp", ("time", "nodes"), np.tile(mesh_values(latitude, longitude), (2, 1)), **SEA_TEMPERATURE)
    with netCDF4.Dataset(tmp_path / "faces.nc", "w") as data:
        add(data, "time", ("time",), [0.0, 1.0], units="days since 2020-01-01")
        add(data, "u", ("time", "cells"), np.tile(np.arange(len(triangles)), (2, 1)), units="m s-1")
    mesh = {"geo_ref": {"url": str(tmp_path / "mesh.nc")}}
    datasets = {
        name: {"url": str(tmp_path / f"{name}.nc"), "variables": {key: {}}} | mesh
        for name, key in (("nodes", "temp"), ("faces", "u"))
    }
    files = indexed(datasets=write_configuration(datasets))
    value = files.value("nodes/temp", 45.03, -59.95, time=0, interpolation="bilinear")
    assert value == pytest.approx(mesh_values(45.03, -59.95), abs=3e-3)
    middle = latitude[triangles].mean(axis=1), longitude[triangles].mean(axis=1)
    assert [files.value("faces/u", *place, time=1) for place in zip(*middle, strict=True)] == list(
        range(len(triangles))
    )


def reason_of(files, name):
    record = files.datasets["a"]
    return next(str(item.reason) for item in (*record.left_out, *record.problems) if item.name in {name, "a.nc"})


def test_the_tables_of_a_mesh_are_not_data(tmp_path, indexed):
    latitude, longitude, faces = mixed_faces()
    middles = np.array([[latitude[face[face >= 0]].mean(), longitude[face[face >= 0]].mean()] for face in faces])
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        for point, values in (("Vertex", np.stack([latitude, longitude])), ("Cell", middles.T)):
            add(data, f"lat{point}", (f"n{point}",), np.radians(values[0]), units="rad")
            add(data, f"lon{point}", (f"n{point}",), np.radians(values[1] % 360), units="rad")
        add(data, "verticesOnCell", ("nCell", "maxEdges"), faces + 1, dtype="i4")  # 0 where a cell has fewer
        add(data, "nEdgesOnCell", ("nCell",), (faces >= 0).sum(axis=1), dtype="i4")
        add(data, "cellsOnCell", ("nCell", "maxEdges"), np.zeros(faces.shape), dtype="i4")
        add(data, "cellsOnVertex", ("nVertex", "vertexDegree"), np.ones((latitude.size, 3)), dtype="i4")
        add(data, "temperature", ("nCell", "nVertLevels"), np.stack([middles.sum(axis=1)] * 2, axis=1))
        add(data, "vorticity", ("nVertex", "nVertLevels"), np.stack([latitude + longitude] * 2, axis=1))
    files = indexed()
    assert {key for _, key in files.assets} == {"temperature", "vorticity"}
    for middle in middles:
        assert files.value("a/temperature", *middle, depth=1) == pytest.approx(middle.sum(), abs=1e-5)


def test_faces_of_a_cubed_sphere_are_refused_by_their_name(tmp_path, indexed):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "YC", ("tile", "j", "i"), np.zeros((6, 4, 4)), units="degrees_north", standard_name="latitude")
        add(data, "XC", ("tile", "j", "i"), np.zeros((6, 4, 4)), units="degrees_east", standard_name="longitude")
        add(data, "THETA", ("tile", "j", "i"), np.zeros((6, 4, 4)), **SEA_TEMPERATURE)
    assert "several faces (tile)" in reason_of(indexed(), "THETA")


@pytest.mark.parametrize(
    ("feature", "dimensions", "words"),
    [
        ("trajectory", ("obs",), "along a track"),
        ("trajectory", ("trajectory", "obs"), "along a track"),
        ("timeSeries", ("station",), "time series at stations"),
        ("profile", ("profile",), "profiles"),
        (None, ("time",), "along a track"),
    ],
)
def test_discrete_samples_are_refused_by_their_name(tmp_path, indexed, feature, dimensions, words):
    shape = (3, 8)[-len(dimensions) :]
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        if feature:
            data.featureType = feature
        else:
            add(data, "time", ("time",), np.arange(8.0), units="days since 2020-01-01")
        place = np.random.default_rng(1).uniform(-60, 60, shape)
        add(data, "lat", dimensions, place, units="degrees_north")
        add(data, "lon", dimensions, place + 1, units="degrees_east")
        add(data, "sst", dimensions, place, **SEA_TEMPERATURE)
    assert words in reason_of(indexed(), "sst")
