"""How answers are written: JSON is the Struct itself."""
