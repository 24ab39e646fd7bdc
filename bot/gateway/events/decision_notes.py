"""Notes why messages are not answered, for people who ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.conversation.clock import Clock
from bot.conversation.decision import Cause, Decision, is_stored
from bot.conversation.intake import Ignore


async def _note_nothing(_channel: int, _messages: Sequence[int], _decision: Decision) -> None:
    """Note no decision."""


class DecisionNotes:
    """Notes decisions of the intake and of the catch-up; `note` takes a channel, messages there, and the decision."""

    def __init__(
        self,
        clock: Clock,
        note: Callable[[int, Sequence[int], Decision], Awaitable[None]] = _note_nothing,
    ) -> None:
        self._clock = clock
        self._note = note

    async def ignored(
        self, message: discord.Message, ignored: Ignore, detail: str = "", *, person: int | None = None
    ) -> None:
        """Note a decision of the intake that neither the message nor the rules tell later.

        `person` is for whom an application has posted the message.
        """
        if is_stored(ignored):
            decision = Decision(ignored.reason.value, self._clock.now_ms(), detail, ignored.origin, person)
            await self._note(message.channel.id, (message.id,), decision)

    async def unanswered(self, message: discord.Message, cause: Cause, detail: str = "") -> None:
        """Note why a message gets no answer."""
        await self.missed(message.channel.id, (message.id,), cause, detail)

    async def missed(self, channel: int, messages: Sequence[int], cause: Cause, detail: str = "") -> None:
        """Note why messages of a channel get no answer."""
        if messages:
            await self._note(channel, messages, Decision(cause, self._clock.now_ms(), detail))
