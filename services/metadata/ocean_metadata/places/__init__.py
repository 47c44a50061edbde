"""Points, lines and areas of KML files."""
