"""Notes why the messages of a turn got no ordinary answer, for people who ask."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.decision import Cause, Decision
from bot.conversation.scope import Origin
from bot.store.claim import Claim, UnreadableConversation
from bot.turns.services import TurnServices


async def note(
    claim: Claim, cause: Cause, services: TurnServices, detail: str = "", origin: Origin | None = None
) -> None:
    """Note a decision about the messages of a turn."""
    decision = Decision(cause, services.clock.now_ms(), detail, origin)
    await _note(claim.conversation, claim.meta.parent, claim.batch.members, decision, services)


async def note_unreadable(claim: UnreadableConversation, services: TurnServices) -> None:
    """Note that the conversation of a message cannot be read."""
    decision = Decision(Cause.UNREADABLE, services.clock.now_ms())
    await services.note_decision(claim.conversation, (claim.turn_id,), decision)


async def _note(
    conversation: int, parent: int | None, messages: Sequence[int], decision: Decision, services: TurnServices
) -> None:
    # The message that a thread is started from has the id of the thread, and stands in the thread's parent channel.
    inside = [message for message in messages if message != conversation or parent is None]
    if inside:
        await services.note_decision(conversation, inside, decision)
    if parent is not None and conversation in messages:
        await services.note_decision(parent, (conversation,), decision)
