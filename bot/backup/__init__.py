"""Backup and restore: all keys of the bot in Redis, to one file and back."""
