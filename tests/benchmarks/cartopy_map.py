# ruff: noqa: T201 - its parent reads what it prints
"""A Mercator map drawn by cartopy, in an environment of its own: prints the milliseconds of each drawing, as JSON."""

import gzip
import json
import sys
import time
from io import BytesIO

import cartopy.crs as ccrs
import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.figure import Figure


def main() -> None:
    """Draw the field of a file over the land of another, so many times."""
    mpl.use("Agg")
    held, coast, times = np.load(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with gzip.open(coast) as file:
        land = list(shapely.from_geojson(file.read().decode()).geoms)
    land = [part for item in land for part in getattr(item, "geoms", [item])]
    west, south, east, north = held["box"]
    near = [item for item in land if item.intersects(shapely.box(west, south, east, north))]
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        figure = Figure(figsize=(10, 7), dpi=100)
        axes = figure.add_subplot(projection=ccrs.Mercator(central_longitude=(west + east) / 2))
        axes.set_extent((west, east, south, north), crs=ccrs.PlateCarree())
        shown = axes.pcolormesh(
            held["longitude"], held["latitude"], held["values"], transform=ccrs.PlateCarree(), shading="nearest"
        )
        axes.add_geometries(near, crs=ccrs.PlateCarree(), facecolor="#e4dfd3", edgecolor="#8d8672", linewidth=0.5)
        axes.gridlines(draw_labels=["left", "bottom"], linewidth=0.5, alpha=0.3)
        figure.colorbar(shown, ax=axes, label="Temperature (°C)")
        axes.set_title("Temperature")
        figure.savefig(BytesIO(), format="png", dpi=100)
        taken.append(1000 * (time.perf_counter() - started))
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
