"""The messages that the settings of a place have left unanswered, until a listing has found them."""

from __future__ import annotations

from collections import OrderedDict

import discord

from bot.conversation.intake import Ignore, Reason

MOST = 20_000
"""More than a large bot hears between two sweeps."""


class RuledOut:
    """Remembers the latest messages that were ignored by a rule or a setting as it was when they were written.

    A listing finds nearly every message again, minutes after its event: somebody may have cleared the rule since.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[int, None] = OrderedDict()

    def note(self, message: discord.Message, ignored: Ignore) -> None:
        """Note a message of an event, if somebody's setting decides."""
        if ignored.origin is None and ignored.reason is not Reason.BLOCKED:
            return
        self._latest[message.id] = None
        while len(self._latest) > MOST:
            self._latest.popitem(last=False)

    def holds(self, message: discord.Message) -> bool:
        """Whether a listed message was ruled out, and says the same as then."""
        return message.edited_at is None and message.id in self._latest
