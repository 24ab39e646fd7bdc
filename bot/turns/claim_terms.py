"""The terms of a claimed turn's requests, by the choices of its scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.conversation.compose import Terms
from bot.conversation.model import Choice
from bot.conversation.placeholders import Names
from bot.store.claim import Claim
from bot.store.scope_settings import ScopeSettings

TermsOf = Callable[[Claim], Awaitable[Terms]]


async def terms_of(
    claim: Claim, scope_settings: ScopeSettings, resolve: Callable[[Choice, Names], Terms]
) -> Terms:
    """Return the terms of a turn's requests."""
    choice = await scope_settings.effective(
        thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
    )
    return resolve(choice, claim.meta.names)
