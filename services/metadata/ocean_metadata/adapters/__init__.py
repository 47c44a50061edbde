"""The catalogue as it is kept: SQLAlchemy over SQLite, and the command that fills it."""
