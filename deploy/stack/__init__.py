"""`make run`: the services and the gateway on one machine, started, watched and stopped together."""
