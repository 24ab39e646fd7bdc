"""The policy of a claimed turn, by the choices of its scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.conversation.model import Choice
from bot.store.claim import Claim
from bot.store.scoped_overrides import ScopedOverrides
from bot.turns.policy import TurnPolicy

PolicyOf = Callable[[Claim], Awaitable[TurnPolicy]]


async def policy_of(
    claim: Claim, overrides: ScopedOverrides, resolve: Callable[[Choice], TurnPolicy]
) -> TurnPolicy:
    """Return the policy of a turn."""
    choice = await overrides.effective(
        thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
    )
    return resolve(choice)
