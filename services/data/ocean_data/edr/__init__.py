"""Queries of OGC API – Environmental Data Retrieval (OGC 19-086r6): what they select, as requests of extractions."""
