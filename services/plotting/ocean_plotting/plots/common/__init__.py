"""Parts that several kinds of plots share."""
