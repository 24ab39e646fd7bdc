"""A local Discord and a local Claude that speak the real protocols. Shares no code with the bot."""
