"""Finds the messages that the bot has missed."""
