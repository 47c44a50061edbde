"""The command that reads headers and coordinates into the catalogue: the only part that opens data files."""
