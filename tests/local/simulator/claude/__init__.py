"""The local Claude, mostly as the unmodified SDK meets it."""
