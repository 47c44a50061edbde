"""Tracks of platforms: observations along them, and what a model says of the same places and times."""

from ocean_plotting.plots.kind import PlotKind
from ocean_plotting.plots.track.draw import draw, table
from ocean_plotting.plots.track.query import TrackQuery, fetch

KIND = PlotKind(
    name="track",
    summary="Tracks of platforms, with observations and the model's values along them",
    example={"dataset": "giops_day", "track": [3], "variable": "votemper", "track_quantum": "hour"},
    query=TrackQuery,
    fetch=fetch,
    draw=draw,
    table=table,
)
