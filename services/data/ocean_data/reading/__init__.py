"""Reading of numbers: NetCDF files, Zarr and Icechunk stores, OPeNDAP servers and object storage."""

import os

# A lock of ours on a file that is kept open would keep its model from writing it. The HDF5 library reads this when it
# is loaded: later it is too late.
os.putenv("HDF5_USE_FILE_LOCKING", "FALSE")
