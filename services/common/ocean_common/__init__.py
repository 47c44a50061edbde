"""What the three Ocean Navigator services share."""
