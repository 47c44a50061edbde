"""Basemap: relief, coast, depth contours and vector tiles."""
