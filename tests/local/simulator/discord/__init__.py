"""discord.py is imported here first: on Python 3.11 and 3.12 it imports `audioop`, which is deprecated, and here
warnings are errors."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401
