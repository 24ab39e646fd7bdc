"""Backup and restore: everything that the bot keeps in Redis, to one file and back."""
