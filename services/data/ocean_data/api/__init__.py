"""Routes of the data service: handlers that read parameters and return Structs."""
