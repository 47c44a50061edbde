"""Computing on arrays and Structs: no HTTP, no files, no environment."""
