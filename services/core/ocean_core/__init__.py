"""Pure computing that the Ocean Navigator services share."""
