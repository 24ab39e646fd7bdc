"""One converter per kind of file; they run in the worker process only."""
