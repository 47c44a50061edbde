"""Calculated variables: what the names in an equation mean, and its values at the cells asked for."""
