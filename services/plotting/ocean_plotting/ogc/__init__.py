"""Maps and tiles of collections: OGC API – Maps, OGC API – Tiles and WMTS over the tiles and maps of this service."""
