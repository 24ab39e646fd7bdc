"""The terms of a claimed turn's requests, by the choices of its scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.conversation.compose import Terms
from bot.conversation.model import Choice, narrowest
from bot.conversation.placeholders import Names
from bot.store.claim import Claim
from bot.store.scope_settings import ScopeSettings

TermsOf = Callable[[Claim], Awaitable[Terms]]


async def terms_of(
    claim: Claim, scope_settings: ScopeSettings, resolve: Callable[[Choice, Names], Terms]
) -> Terms:
    """Return the terms of a turn's requests."""
    by_scope = await scope_settings.choices(
        thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
    )
    prompt_scope = next((scope for scope, choice in by_scope.items() if choice.system is not None), None)
    return replace(resolve(narrowest(by_scope.values()), claim.meta.names), prompt_scope=prompt_scope)
