"""Where numbers are: files of this machine, Zarr and Icechunk stores, OPeNDAP servers, object storage. One module each.

A place opens what has a state, and gives its variables as they are stored (`stored.Stored`). Files and objects give
their bytes too (`blobs.Blobs`), so that the chunks of NetCDF files are read without the library.
"""
