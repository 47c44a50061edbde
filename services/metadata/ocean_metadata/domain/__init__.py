"""What is true of datasets, variables, grids and times: pure functions and Structs."""
