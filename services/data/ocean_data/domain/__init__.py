"""Arrays and Structs in, arrays and Structs out."""
