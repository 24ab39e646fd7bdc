"""The life of a turn: dispatch, run, recover."""
