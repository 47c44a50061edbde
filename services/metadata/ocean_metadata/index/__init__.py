"""The command that reads headers and coordinates into the catalogue: the only part that opens data files."""

import os

# A lock of ours would keep a model from writing the file that is looked at. The HDF5 library reads this when it is
# loaded: later it is too late.
os.putenv("HDF5_USE_FILE_LOCKING", "FALSE")
