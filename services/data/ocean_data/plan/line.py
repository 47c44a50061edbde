"""What all that lies along a path shares: its points, by their distance."""

from ocean_common.contracts.extractions import PathRequest
from ocean_data.compute import path
from ocean_data.plan.extraction import Coordinate
from ocean_data.plan.point_extraction import Places
from ocean_data.plan.points import horizontal


def places(asked: PathRequest) -> Places:
    """The points of the path, by their distance."""
    way = path.along(asked.path, asked.points, asked.spacing)
    dims = ("distance",)
    return Places(
        latitude=way.latitude,
        longitude=way.longitude,
        dims={"distance": way.distance.size},
        coordinates=[
            Coordinate(
                name="distance", dims=dims, values=way.distance, units="km", long_name="distance along the path"
            ),
            *horizontal(dims, way.latitude, way.longitude),
            Coordinate(
                name="bearing",
                dims=dims,
                values=way.bearing,
                units="degree",
                long_name="where the path goes on to, clockwise from north",
            ),
        ],
        along=way.bearing,
    )
