"""HTTP in, Structs out."""
