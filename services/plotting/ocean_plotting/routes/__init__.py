"""HTTP in: plots, tiles, scales, colormaps."""
