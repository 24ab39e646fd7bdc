"""Which kind of place a thread is for a message or an interaction: whether the bot takes part in it."""

from __future__ import annotations

import discord

from bot.conversation.intake import Where
from bot.store.claim import Meta


def of_thread(thread: discord.Thread, me: int, meta: Meta | None, at: int) -> Where:
    """Say what a thread is for what has the id `at`, by what is known of its conversation."""
    left = meta is not None and meta.left is not None and at > meta.left
    if thread.owner_id == me and not left:
        return Where.OWN_THREAD
    # What was said before the bot joined was not said to it, although a listing may show it only now.
    joined = meta is not None and meta.joined is not None and at >= meta.joined
    return Where.JOINED_THREAD if joined else Where.OTHER_THREAD
