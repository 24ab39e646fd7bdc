"""The terms of a claimed turn's requests, by the settings of its scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.conversation.budget import BudgetPolicy, budget_of
from bot.conversation.compose import Terms
from bot.conversation.model import Choice, narrowest
from bot.conversation.placeholders import Names
from bot.conversation.scope import SYSTEM, Scope, Settings, choice_of, in_force
from bot.conversation.tool_definition import ToolDefinition
from bot.store.claim import Claim
from bot.store.scope_settings import ScopeSettings
from bot.store.settings_cache import Place
from bot.tools.tool import ToolPlace

Tools = tuple[ToolDefinition, ...]
TermsOf = Callable[[Claim], Awaitable[Terms]]
RemoteToolsOf = Callable[[ToolPlace, Mapping[Scope, Settings]], Awaitable[Tools]]


def _no_tools(_by_scope: Mapping[Scope, Settings]) -> tuple[ToolDefinition, ...]:
    """Offer no tools."""
    return ()


async def may_have(
    claim: Claim,
    tool: str,
    scope_settings: ScopeSettings,
    tools_of: Callable[[Mapping[Scope, Settings]], tuple[ToolDefinition, ...]],
) -> bool:
    """Say whether a turn may have a tool, by the settings at hand; True in direct messages, where none are."""
    if claim.meta.guild is None:
        return True
    place = Place(claim.meta.guild, claim.meta.parent, claim.conversation)
    by_scope = await scope_settings.cached.by_scope(place)
    return any(each.name == tool for each in tools_of(by_scope))


async def terms_of(
    claim: Claim,
    scope_settings: ScopeSettings,
    resolve: Callable[[Choice, Names, tuple[ToolDefinition, ...]], Terms],
    policy: Callable[[], BudgetPolicy] = BudgetPolicy,
    tools_of: Callable[[Mapping[Scope, Settings]], tuple[ToolDefinition, ...]] = _no_tools,
    remote_tools: RemoteToolsOf | None = None,
    others: Sequence[str] = (),
    within: Callable[[Claim, Tools], Awaitable[Tools]] | None = None,
) -> Terms:
    """Return the terms of a turn's requests, with the limits that `policy` and the scopes set.

    The settings of a server are those of the decision on the message, which was made a moment ago. `tools_of`
    is called with the settings by scope, and returns the tools that Claude may call; `remote_tools` returns those
    of other servers. `within` leaves out those whose limit is used up. `others` are the models that answer where
    the chosen one does not.
    """
    operator = policy()
    thread, channel, server = claim.conversation, claim.meta.parent, claim.meta.guild
    by_scope = (
        await scope_settings.by_scope(thread=thread, channel=channel, server=None)
        if server is None
        else await scope_settings.cached.by_scope(Place(server, channel, thread))
    )
    choice, prompt = narrowest(map(choice_of, by_scope.values())), in_force(by_scope, SYSTEM)
    tools = tools_of(by_scope)
    if remote_tools is not None:
        place = ToolPlace(thread, channel, server)
        tools += await remote_tools(place, by_scope)
    tools = tools if within is None else await within(claim, tools)
    budget = budget_of(operator.ceilings, by_scope)
    prompt_scope = None if prompt is None else prompt.scope
    terms = replace(resolve(choice, claim.meta.names, tools), prompt_scope=prompt_scope, budget=budget)
    model = terms.parameters.model
    terms = replace(
        terms,
        others=tuple(
            replace(
                resolve(replace(choice, model=other), claim.meta.names, tools),
                prompt_scope=prompt_scope,
                budget=budget,
            )
            for other in others
            if other != model
        ),
    )
    if operator.fallback_model is None:
        return terms
    fallback = replace(
        resolve(replace(choice, model=operator.fallback_model), claim.meta.names, tools),
        prompt_scope=prompt_scope,
        budget=replace(budget, rules=operator.fallback_rules(budget.rules)),
    )
    return replace(terms, fallback=fallback)
