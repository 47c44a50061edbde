"""The command that imports observations: the only one, besides the index, that opens files."""
