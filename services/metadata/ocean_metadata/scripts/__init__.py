"""Scripts in Python, R and shell that repeat a request."""
