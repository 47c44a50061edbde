"""The three services, over HTTP."""
