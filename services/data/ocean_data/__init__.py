"""Numbers of ocean models: profiles and time series at a point, and the fields behind map tiles."""

__version__ = "0.1.0"
