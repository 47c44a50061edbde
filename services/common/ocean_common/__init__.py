"""Contracts, clients and the shape of a service, which the Ocean Navigator services share."""
