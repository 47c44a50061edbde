"""The NetCDF and HDF5 libraries have state of their own in every process, and are not safe in threads."""

from threading import Lock

LIBRARY = Lock()  # held by whoever calls them, to read or to write
