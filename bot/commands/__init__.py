"""Slash commands, buttons and modals: one file per feature."""
