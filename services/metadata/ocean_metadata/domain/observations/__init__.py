"""Observations: platforms, their stations, and what was measured there."""
