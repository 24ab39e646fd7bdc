"""Conversion of Discord's objects to our values."""
