"""What both ways of reading a file call things."""

ORDER = ("time", "depth", "y", "x")  # the dimensions of a window, whatever their order in the file
Picks = dict[str, slice]  # what is wanted of each; all of it, if it is not said
