"""Turns Markdown that Discord does not show into Markdown that it shows; pure and incremental."""
