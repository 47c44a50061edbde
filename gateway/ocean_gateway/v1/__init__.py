"""Version 1.0 of the API, answered by version 2.0: `rows` has what belongs to what, `forwarding` sends requests on."""
