"""The terms of a claimed turn's requests, by the settings of its scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.conversation.budget import BudgetPolicy, budget_of
from bot.conversation.compose import Terms
from bot.conversation.model import Choice, narrowest
from bot.conversation.scope import choice_of
from bot.store.claim import Claim
from bot.store.scope_settings import ScopeSettings

TermsOf = Callable[[Claim], Awaitable[Terms]]


async def terms_of(
    claim: Claim,
    scope_settings: ScopeSettings,
    resolve: Callable[[Choice], Terms],
    policy: BudgetPolicy | None = None,
) -> Terms:
    """Return the terms of a turn's requests, with the limits that `policy` and the scopes set."""
    policy = policy or BudgetPolicy()
    by_scope = await scope_settings.by_scope(
        thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
    )
    choice = narrowest(map(choice_of, by_scope.values()))
    budget, fallback = budget_of(policy.ceilings, by_scope), None
    if policy.fallback_model is not None:
        fallback = replace(
            resolve(replace(choice, model=policy.fallback_model)),
            budget=replace(budget, rules=policy.fallback_rules),
        )
    return replace(resolve(choice), budget=budget, fallback=fallback)
