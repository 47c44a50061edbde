"""What the gateway says itself: the docs hub, the merged OpenAPI document, its own errors."""

__version__ = "0.1.0"
