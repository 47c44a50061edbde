"""Class 4 files: observed profiles beside model forecasts."""
