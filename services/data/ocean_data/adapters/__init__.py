"""What the domain's ports are connected to: files, memory, threads."""
