"""Reads Class 4 files into the catalogue."""
