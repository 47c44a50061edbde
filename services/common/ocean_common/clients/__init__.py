"""Clients: one class for each service that others send requests to."""
