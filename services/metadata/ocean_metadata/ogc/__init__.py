"""Datasets as collections of OGC API – Common and Environmental Data Retrieval."""
