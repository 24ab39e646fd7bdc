"""Whether a message is left out because of the limits of its author, and who is told of that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.conversation import wording
from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.conversation.intake import Ignore, Reason
from bot.conversation.limits import Paused, when
from bot.conversation.message import created_ms
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.decision_notes import DecisionNotes
from bot.store.person_limits import PersonLimits

log = structlog.get_logger()


class LimitCheck:
    """Applies `limits`; `notify` posts a notice below a message, `on_decision` gets the label of each refusal."""

    def __init__(
        self,
        limits: PersonLimits,
        notify: Callable[[discord.Message, str], Awaitable[None]],
        notes: DecisionNotes,
        on_decision: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._limits = limits
        self._notify = notify
        self._notes = notes
        self._on_decision = on_decision
        self._clock = clock

    async def leaves_out(
        self, message: discord.Message, accepted: Accepted, source: str, *, person: int | None, counted: int
    ) -> bool:
        """Whether a message is left out because of its author's limits; tells the author, once.

        The message counts as `counted`, so that a copy and its original count once.
        """
        limited = await self._limits.admit(
            _home(message),
            _counted(message, person),
            counted,
            at_ms=created_ms(message.id) if source == "listing" else self._clock.now_ms(),
            opens_thread=accepted.begins_thread,
        )
        if limited is None:
            return False
        reason = Reason.PAUSED if isinstance(limited, Paused) else Reason.TOO_MANY_THREADS
        self._on_decision(reason.value)
        await self._notes.ignored(message, Ignore(reason), when(limited.until_ms))
        log.info("message_limited", message=message.id, reason=reason.value)
        if limited.is_first:
            sentence = (
                wording.paused(person, limited.until_ms, is_direct=message.guild is None)
                if isinstance(limited, Paused)
                else wording.too_many_threads(limited.until_ms)
            )
            await self._notify(message, sentence)
        return True

    async def is_paused(self, message: discord.Message, person: int | None) -> bool:
        """Whether the author of a message is paused, or the `person` for whom it was posted.

        Nobody is while the store is away, where edits wait as well.
        """
        try:
            pause = await self._limits.pause(
                _home(message), _counted(message, person), at_ms=self._clock.now_ms()
            )
        except StoreUnavailable:
            return False
        return pause is not None


def _counted(message: discord.Message, person: int | None) -> int:
    """Return whose limits apply: unknown authors of proxied messages are one person in each channel."""
    return message.channel.id if person is None else person


def _home(message: discord.Message) -> int:
    return message.channel.id if message.guild is None else message.guild.id
