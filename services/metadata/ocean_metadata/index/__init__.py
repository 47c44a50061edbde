"""Index command: reads headers and coordinates of data files into the catalogue."""

import os

# The HDF5 library would lock files, so that a model could not write them. It reads this variable when it is loaded.
os.putenv("HDF5_USE_FILE_LOCKING", "FALSE")
