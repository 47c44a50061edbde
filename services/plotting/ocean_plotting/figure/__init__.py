"""Drawing with matplotlib: figures made in worker processes, never with pyplot."""
