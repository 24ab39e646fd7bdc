"""Calls that post to Discord."""
