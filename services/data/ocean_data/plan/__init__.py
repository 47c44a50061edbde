"""Plan the kinds of extractions: which cells, levels and time steps each reads."""
