"""How services ask each other: one class per service, over one httpx core."""
