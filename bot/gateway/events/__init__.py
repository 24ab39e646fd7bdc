"""Discord's events, applied to the store."""
