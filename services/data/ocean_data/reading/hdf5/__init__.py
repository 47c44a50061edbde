"""Reads the chunks of NetCDF-4 files without the library: index once, then pread, inflate, unpack, in threads."""
