"""The REST API, version 10: a table of routes, a handler for each, and the pipeline they run in."""
