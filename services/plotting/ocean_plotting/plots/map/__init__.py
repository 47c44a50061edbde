"""Maps: a variable over areas, with arrows, contours and depths; of two datasets, both and their difference."""

from typing import Any

from ocean_plotting.plots.kind import PlotKind
from ocean_plotting.plots.map.draw import MapPlot, make_raster
from ocean_plotting.plots.map.query import MapQuery, fetch, make_request, resolve_areas

KIND = PlotKind[MapQuery, Any](  # numbers of a picture, or of a table
    name="map",
    summary="A variable over areas",
    example={
        "dataset": "arctic_day",
        "variable": "votemper",
        "area": [{"polygons": [[[70, 10], [70, 30], [76, 30], [76, 10], [70, 10]]], "name": "Barents Sea Opening"}],
        "showarea": True,
        "bathymetry": True,
        "quiver": {"variable": "x_velocity,y_velocity"},
    },
    query=MapQuery,
    fetch=fetch,
    plot=MapPlot,
    data_request=make_request,
    raster=make_raster,
    resolve=resolve_areas,
)
