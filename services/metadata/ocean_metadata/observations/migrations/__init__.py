"""How the tables of observations came to be what they are."""
