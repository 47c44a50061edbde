"""Client of Ocean Navigator servers: numbers as xarray datasets, files and pictures."""

from ocean_navigator.client import Dataset, OceanNavigator, OceanNavigatorError, Picture

__all__ = ["Dataset", "OceanNavigator", "OceanNavigatorError", "Picture"]
