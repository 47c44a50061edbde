"""Maps: a variable over areas, at one time and depth, in a conformal plane."""

from ocean_plotting.plots.area_map.drawing import draw
from ocean_plotting.plots.area_map.numbers import fetch
from ocean_plotting.plots.area_map.query import MapQuery, asked, settled
from ocean_plotting.plots.area_map.tables import raster, table

Query = MapQuery

__all__ = ["Query", "asked", "draw", "fetch", "raster", "settled", "table"]
