"""The database of observations."""
