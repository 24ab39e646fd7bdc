"""Discord: events in, messages out, commands. discord.py's types stop here."""
