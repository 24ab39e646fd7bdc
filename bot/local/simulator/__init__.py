"""A local Discord and a local Claude that speak the wire. Shares no code with the bot."""
