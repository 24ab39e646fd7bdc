"""Messages that the bot has missed."""
