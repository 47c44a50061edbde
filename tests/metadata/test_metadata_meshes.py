"""Meshes of triangles: which dimension is which, tables of any form, and levels from the sea floor up."""

import netCDF4
import numpy as np
import pytest

CORNERS = np.array([[0, 1, 2], [1, 3, 2], [2, 3, 4]])


def write(path, *, ugrid=False, topology=None, levels=2, edges=False, sigma=(), **variables):
    """Five nodes and three triangles; ``variables`` by their dimensions."""
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in {"time": 2, "nv": levels, "node": 5, "nele": 3, "three": 3}.items():
            dataset.createDimension(name, size)
        if edges:
            dataset.createDimension("edge", 7)
            for name, units in (("a_lat", "degrees_north"), ("a_lon", "degrees_east")):
                dataset.createVariable(name, "f8", ("edge",)).units = units
        if sigma:
            dataset.createDimension("sigma", len(sigma))
            item = dataset.createVariable("sigma", "f8", ("sigma",))
            item.setncatts({"standard_name": "ocean_sigma_coordinate", "positive": "up"})
            item[:] = sigma
        places = {"lat": [0, 0, 1, 1, 2], "lon": [359, 360, 359, 360, 359], "time": [0, 1]}
        for name, units in (("lat", "degrees_north"), ("lon", "degrees_east"), ("time", "days since 2000-01-01")):
            item = dataset.createVariable(name, "f8", ("time" if name == "time" else "node",))
            item.units, item[:] = units, places[name]
        names, table = (("nele", "three"), CORNERS) if ugrid else (("three", "nele"), CORNERS.T)
        dataset.createVariable("ele", "i4", names)[:] = table + 1
        if topology:
            dataset.createVariable("mesh", "i4").setncatts({"cf_role": "mesh_topology"} | topology)
        for name, dimensions in variables.items():
            dataset.createVariable(name, "f4", dimensions.split())[:] = 1.0
    return path


@pytest.fixture
def indexed(tmp_path, index):
    def over(**told):
        write(tmp_path / "mesh.nc", **told)
        return next(iter(index(folder=tmp_path).datasets.values()))

    return over


def grid_of(dataset, key):
    variable = next(item for item in dataset.variables if item.key == key)
    return dataset.grids[variable.grid].grid, [item.role for item in variable.dimensions]


def test_a_variable_in_triangles_needs_no_centres_in_its_file(indexed):
    result = indexed(zeta="time node", u="time nele")
    node, face = grid_of(result, "zeta"), grid_of(result, "u")
    assert (node[0].location, node[0].shape, node[1]) == ("node", (5,), ["time", "node"])
    assert (face[0].location, face[0].shape, face[1]) == ("face", (3,), ["time", "face"])
    assert (face[0].face_latitude, face[0].start_index) == (None, 1)
    assert node[0].id != face[0].id


@pytest.mark.parametrize(
    ("told", "corners_first"),
    [
        ({}, True),
        ({"ugrid": True, "topology": {"face_node_connectivity": "ele"}}, False),
        ({"topology": {"face_node_connectivity": "ele", "face_dimension": "nele"}}, True),
    ],
)
def test_the_table_of_three_triangles_is_turned_as_its_convention_has_it(indexed, told, corners_first):
    grid, roles = grid_of(indexed(u="time nele", **told), "u")
    assert grid.corners_first is corners_first
    assert roles == ["time", "face"]


def test_nodes_are_distinguished_from_edges(indexed):
    topology = {"node_coordinates": "lon lat", "face_node_connectivity": "ele"}
    grid, _ = grid_of(indexed(u="time nele", topology=topology, ugrid=True, edges=True), "u")
    assert (grid.latitude, grid.longitude) == ("lat", "lon")


@pytest.mark.parametrize(("told", "order"), [([0.0, 0.5, 1.0], [2, 1, 0]), ([0.0, -0.5, -1.0], [])])
def test_sigma_is_nought_at_the_surface(indexed, told, order):
    axis = indexed(temp="time sigma node", sigma=told).depths[0]
    assert (axis.values, axis.order) == ([0.0, -0.5, -1.0], order)


def test_levels_of_selfe_are_numbered_from_the_surface(indexed):
    result = indexed(temp="time nv node", zval="time nv node", levels=4)
    assert (result.depths[0].values, result.depths[0].order) == ([0.0, 1.0, 2.0, 3.0], [3, 2, 1, 0])


def test_levels_without_a_coordinate_are_numbered_as_they_are(indexed):
    assert indexed(temp="time nv node", levels=4).depths[0].values == [0.0, 1.0, 2.0, 3.0]
