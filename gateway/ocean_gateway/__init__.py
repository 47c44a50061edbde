"""App of the gateway: documentation hub, merged OpenAPI document, the gateway's own errors."""

__version__ = "0.1.0"
