"""Bobbin: talk with Claude in Discord threads."""
