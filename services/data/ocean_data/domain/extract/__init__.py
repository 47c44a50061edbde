"""The kinds of extractions: one module each, with one function `plan`."""
