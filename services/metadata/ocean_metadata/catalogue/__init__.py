"""Catalogue of datasets: model, store, search, routes and pages."""
