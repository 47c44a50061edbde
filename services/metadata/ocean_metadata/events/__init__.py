"""Events of datasets: store, broadcast and routes."""
