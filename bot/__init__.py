"""Bobbin: talk with Claude in Discord threads."""

VERSION = "0.1.0"
