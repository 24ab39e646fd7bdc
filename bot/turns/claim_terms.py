"""The terms of a claimed turn's requests, by the settings of its scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.conversation.budget import BudgetPolicy, budget_of
from bot.conversation.compose import Terms
from bot.conversation.model import Choice, narrowest
from bot.conversation.placeholders import Names
from bot.conversation.scope import SYSTEM, choice_of, in_force
from bot.store.claim import Claim
from bot.store.scope_settings import ScopeSettings

TermsOf = Callable[[Claim], Awaitable[Terms]]


async def terms_of(
    claim: Claim,
    scope_settings: ScopeSettings,
    resolve: Callable[[Choice, Names], Terms],
    policy: BudgetPolicy | None = None,
    others: Sequence[str] = (),
) -> Terms:
    """Return the terms of a turn's requests, with the limits that `policy` and the scopes set.

    `others` are the models that answer where the chosen one does not.
    """
    policy = policy or BudgetPolicy()
    by_scope = await scope_settings.by_scope(
        thread=claim.conversation, channel=claim.meta.parent, server=claim.meta.guild
    )
    choice, prompt = narrowest(map(choice_of, by_scope.values())), in_force(by_scope, SYSTEM)
    budget = budget_of(policy.ceilings, by_scope)
    prompt_scope = None if prompt is None else prompt.scope
    terms = replace(resolve(choice, claim.meta.names), prompt_scope=prompt_scope, budget=budget)
    model = terms.parameters.model
    terms = replace(
        terms,
        others=tuple(
            replace(
                resolve(replace(choice, model=other), claim.meta.names),
                prompt_scope=prompt_scope,
                budget=budget,
            )
            for other in others
            if other != model
        ),
    )
    if policy.fallback_model is None:
        return terms
    fallback = replace(
        resolve(replace(choice, model=policy.fallback_model), claim.meta.names),
        prompt_scope=prompt_scope,
        budget=replace(budget, rules=policy.fallback_rules(budget.rules)),
    )
    return replace(terms, fallback=fallback)
