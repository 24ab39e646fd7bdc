"""Whether the bot takes part in a thread."""

from __future__ import annotations

import discord

from bot.conversation.intake import Where
from bot.store.claim import Meta


def thread_kind(thread: discord.Thread, me: int, meta: Meta | None, at: int) -> Where:
    """Return the kind of a thread for the message or the interaction with the id `at`; `me` is the bot's id."""
    left = meta is not None and meta.left is not None and at > meta.left
    if thread.owner_id == me and not left:
        return Where.OWN_THREAD
    # A message from before the bot joined was not addressed to it, although a listing may show it only afterwards.
    joined = meta is not None and meta.joined is not None and at >= meta.joined
    return Where.JOINED_THREAD if joined else Where.OTHER_THREAD
