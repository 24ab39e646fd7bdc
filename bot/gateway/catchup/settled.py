"""Listed messages of which nothing is left to do: they are answered, or a notice says why they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.store.decisions import Decisions
from bot.store.message_states import MessageStates
from bot.store.states import State

NOTIFIED: frozenset[str] = frozenset(
    {
        Cause.NO_THREADS_HERE,
        Cause.MAY_NOT_OPEN,
        Cause.BOT_LACKS_PERMISSION,
        Reason.PAUSED,
        Reason.TOO_MANY_THREADS,
    }
)
"""The decisions that the intake has posted a notice about. A second notice after a restart would be a new message:
Discord recognizes a nonce for some minutes only."""


@dataclass(frozen=True, slots=True)
class KnownMessages:
    """The conversation of each message that has a record; which messages are answered, and which have a notice.

    A message that is known and not answered is accepted again: this repairs a work queue that has lost an item.
    """

    conversations: dict[int, int]
    answered: frozenset[int]
    notified: frozenset[int]


class Settled:
    """Reads what is known of listed messages, in two round trips for a channel."""

    def __init__(self, states: MessageStates, decisions: Decisions) -> None:
        self._states = states
        self._decisions = decisions

    async def of(self, channel: int, messages: Sequence[int]) -> KnownMessages:
        """Return what is known of messages of a channel."""
        states = await self._states.of(channel, messages)
        decisions = await self._decisions.of(channel, [each for each in messages if each not in states])
        return KnownMessages(
            conversations={message: found.conversation for message, found in states.items()},
            answered=frozenset(message for message, found in states.items() if found.state is State.DONE),
            notified=frozenset(message for message, found in decisions.items() if found.reason in NOTIFIED),
        )
