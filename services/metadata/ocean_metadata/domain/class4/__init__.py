"""Class 4: observed profiles beside what models say of the same places and times."""
