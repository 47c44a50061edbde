"""Plots as the services and their clients name them."""

# The last segment of /plot/{kind}; scripts can be generated for all of them.
PLOT_KINDS = (
    "class4",
    "hovmoller",
    "map",
    "observation",
    "profile",
    "sound",
    "stick",
    "timeseries",
    "track",
    "transect",
    "ts",
)
