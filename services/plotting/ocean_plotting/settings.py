"""Settings of the plotting service, read from the environment."""

from typing import Annotated, ClassVar, Literal

import msgspec

from ocean_common.settings import Port, Positive, Seconds, ServiceSettings, Url


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of the plotting service."""

    prefix: ClassVar[str] = "OCEAN_PLOTTING_"

    port: Port = 8003
    metadata_url: Url = "http://127.0.0.1:8001"
    data_url: Url = "http://127.0.0.1:8002"
    coast: str | None = None  # GeoJSON of the land, perhaps gzipped: the ground of locator maps
    fine_coast: str | None = None  # a finer one, for topography and vector tiles
    relief: str | None = None  # NetCDF file of heights (ETOPO, GEBCO): topography and depth contours
    mbtiles: str | None = None  # folder of lands.mbtiles or bath.mbtiles; else made of coast and relief
    vector_zoom: Annotated[int, msgspec.Meta(ge=0, le=24)] = 7  # below it vector tiles are empty

    drawing: Literal["processes", "inline"] = "processes"  # inline, on the event loop: for tests and measurements
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2  # figures drawn at once
    queue: Annotated[int, msgspec.Meta(ge=0)] = 16  # figures that may wait; more are answered 503
    figure_time: Seconds = 30.0  # s for one figure
    figures_per_worker: Positive = 500  # then a fresh process takes its place

    tiles_at_once: Positive = 16  # tiles made at once
    tiles_waiting: Positive = 20_000  # tiles that may wait, in one line for each client; more are answered 503
    field_megabytes: Positive = 128  # fields kept, so that another scale costs no data request
    tiles_ahead: Annotated[int, msgspec.Meta(ge=0)] = 64  # of the next time step, prepared while no tile is asked for
    ogc: bool = True  # whether maps and tiles of collections are served under /ogc
    wms: bool = True  # whether maps are served under /wms
    wmts: bool = True  # whether capabilities of map tiles are served under /wmts
    image_megabytes: Positive = 64  # rendered tiles and colour bars kept
