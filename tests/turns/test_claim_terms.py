"""The terms of a claim follow the choices of its thread, its channel and its server."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.amount import amount_of
from bot.conversation.audit import Actor
from bot.conversation.budget import NOTIFY, BudgetPolicy, Rule, Subject
from bot.conversation.compose import Terms
from bot.conversation.model import Choice
from bot.conversation.placeholders import Names
from bot.conversation.scope import Scope
from bot.conversation.tool_definition import ToolDefinition
from bot.store.claim import Meta
from bot.store.keys import Keys
from bot.store.scope_settings import ScopeSettings
from bot.turns.claim_terms import terms_of
from tests.store.claims import a_claim
from tests.turns.stage import TERMS

THREAD, CHANNEL, SERVER = 5, 6, 7
ACTOR = Actor(home=SERVER, person=1, interaction=9)


def resolve(choice: Choice, names: Names, _tools: tuple[ToolDefinition, ...] = ()) -> Terms:
    parameters = replace(TERMS.parameters, model=choice.model or "default", effort=choice.effort)
    assert names.server in ("", "Weavers")
    return replace(TERMS, parameters=parameters)


async def test_each_field_is_that_of_the_narrowest_scope_of_the_claim(redis_url: str) -> None:
    redis: Redis = Redis.from_url(redis_url, decode_responses=True)
    await redis.flushall()
    scope_settings = ScopeSettings(redis, Keys("test"), ttl_s=1000, audit_s=1000)
    claim = a_claim(10, conversation=THREAD, meta=Meta(guild=SERVER, parent=CHANNEL, names=Names("Weavers")))
    seen = []
    for scope, target in ((Scope.SERVER, SERVER), (Scope.CHANNEL, CHANNEL), (Scope.THREAD, THREAD)):
        await scope_settings.change(ACTOR, scope, target, {"model": scope.value})
        seen.append((await terms_of(claim, scope_settings, resolve)).parameters.model)
    await scope_settings.change(ACTOR, Scope.SERVER, SERVER, {"effort": "high"})
    parameters = (await terms_of(claim, scope_settings, resolve)).parameters
    assert (seen, parameters.effort) == (["server", "channel", "thread"], "high")
    prompts = []
    for scope, target in ((Scope.SERVER, SERVER), (Scope.THREAD, THREAD)):
        prompts.append((await terms_of(claim, scope_settings, resolve)).prompt_scope)
        await scope_settings.change(ACTOR, scope, target, {"system": "Be kind."})
    prompts.append((await terms_of(claim, scope_settings, resolve)).prompt_scope)
    assert prompts == [None, Scope.SERVER, Scope.THREAD]
    elsewhere = a_claim(10, conversation=8)  # a direct message
    assert (await terms_of(elsewhere, scope_settings, resolve)).parameters.model == "default"
    await redis.aclose()


async def test_the_limits_are_those_of_the_operator_and_of_the_scopes_of_the_claim(redis: Redis) -> None:
    scope_settings = ScopeSettings(redis, Keys("test"), ttl_s=1000, audit_s=1000)
    claim = a_claim(10, conversation=THREAD, meta=Meta(guild=SERVER, parent=CHANNEL))
    policy = BudgetPolicy((Rule(Subject.BOT, amount_of("9 USD per day")),))
    await scope_settings.change(
        ACTOR, Scope.SERVER, SERVER, {"budget:all:USD:day": "3 USD per day", NOTIFY: "77"}
    )
    await scope_settings.change(ACTOR, Scope.CHANNEL, CHANNEL, {"budget:each:tokens:day": "5 tokens per day"})
    terms = await terms_of(claim, scope_settings, resolve, lambda: policy)
    found = [(rule.subject, str(rule.amount)) for rule in terms.budget.rules]
    assert found == [
        (Subject.BOT, "9 USD per day"),
        (Subject.PERSON, "5 tokens per day"),
        (Subject.SERVER, "3 USD per day"),
    ]
    assert (terms.budget.notify, terms.fallback) == (77, None)


async def test_the_fallback_has_another_model_and_other_limits_and_the_same_prompt(redis: Redis) -> None:
    scope_settings = ScopeSettings(redis, Keys("test"), ttl_s=1000, audit_s=1000)
    claim = a_claim(10, conversation=THREAD, meta=Meta(guild=SERVER, parent=CHANNEL))
    await scope_settings.change(ACTOR, Scope.SERVER, SERVER, {"system": "Be kind.", "model": "dear"})
    policy = BudgetPolicy((), "cheap", (amount_of("2 messages per day"),))
    terms = await terms_of(claim, scope_settings, resolve, lambda: policy)
    assert terms.fallback is not None
    assert (terms.parameters.model, terms.fallback.parameters.model) == ("dear", "cheap")
    assert terms.fallback.prompt_scope is terms.prompt_scope is Scope.SERVER
    assert [rule.subject for rule in terms.fallback.budget.rules] == [Subject.FALLBACK]
