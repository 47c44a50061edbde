"""Map tiles: routes, rendering and store."""
