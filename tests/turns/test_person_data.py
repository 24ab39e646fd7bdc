"""What is kept of a person, and what a search finds again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.conversation.audit import Actor
from bot.conversation.elements import question
from bot.conversation.found import Found
from bot.conversation.message import first_id
from bot.conversation.scope import Scope
from bot.conversation.turn import Preface
from bot.store.codec import dump_turn
from bot.store.scope_settings import ScopeSettings
from tests.conversation.builders import ANN, BEN, turn
from tests.store.stage import KEYS, C
from tests.turns.forgetting_stage import OF_BEN, SECRET, WHO, Bench, bench

__all__ = ["bench"]


async def test_what_is_put_back_by_hand_is_found_again(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    keys = KEYS.history(C), KEYS.record(C, SECRET.id), KEYS.meta(C)
    before = [await bench.redis.dump(key) for key in keys]
    assert (await bench.forget()).found == Found(messages=1)
    assert await bench.forgetting.data.verify(WHO) == Found()
    for key, value in zip(keys, before, strict=True):
        await bench.redis.restore(key, 0, value or b"", replace=True)
        if key != keys[2]:
            assert (await bench.forgetting.data.verify(WHO)).messages == 1, key
    assert (await bench.forget()).found.messages == 1
    assert await bench.forgetting.data.verify(WHO) == Found()
    # A copy of a pinned turn alone is found, too.
    pinned = replace(turn(30), members=(SECRET.id,), authors=(ANN.id,), sent=(question([SECRET]),))
    trim = replace(turn(50), window_start=1, preface=Preface("", (pinned,)))
    await bench.redis.rpush(KEYS.history(C), dump_turn(trim))
    assert (await bench.forgetting.data.verify(WHO)).messages == 1
    assert (await bench.forget()).found.messages == 1
    assert await bench.holds() == []


async def test_a_prompt_that_is_set_afterwards_stays_and_is_nothing_left_behind(bench: Bench) -> None:
    settings = ScopeSettings(bench.redis, KEYS, ttl_s=1000, audit_s=1000)
    await settings.change(Actor(9, ANN.id, 1), Scope.SERVER, 9, {"system": "An old secret."})
    async with asyncio.timeout(10):
        server_ms = int((await bench.redis.time())[0]) * 1000
        who = replace(WHO, before=first_id(server_ms + 1000))
        while int((await bench.redis.time())[0]) * 1000 < server_ms + 1000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for number, prompt in enumerate(("A new secret.", "A newer one.")):
        await settings.change(Actor(9, ANN.id, 2 + number), Scope.SERVER, 9, {"system": prompt})
    assert await bench.forgetting.data.verify(who) == Found(prompts=1)
    await bench.forgetting.begin(who)
    await bench.forgetting.run(ANN.id)
    assert await bench.forgetting.data.verify(who) == Found()
    assert await bench.holds("An old secret") == []
    by_scope = await settings.by_scope(thread=None, channel=None, server=9)
    assert by_scope[Scope.SERVER]["system"].value == "A newer one."
    versions = await settings.versions(9, 9, count=10)
    assert "A new secret." in [each.text for each in versions]


async def test_what_is_kept_of_a_person_names_rules_limits_and_conversations(bench: Bench) -> None:
    settings = ScopeSettings(bench.redis, KEYS, ttl_s=1000, audit_s=1000)
    await settings.change(
        Actor(9, BEN.id, 1), Scope.SERVER, 9, {"access:person:1": "block", "access:person:11": "block"}
    )
    await bench.store.answer(SECRET, reply="about the secret")
    await bench.redis.hset(KEYS.meta(C), "starter", ANN.id)
    await bench.redis.hset(KEYS.budget("person-9-1-tokens-day-20000"), "settled", 5)
    await bench.redis.hset(KEYS.budget("person-9-2-tokens-day-20000"), "settled", 6)
    kept = await bench.forgetting.data.kept(WHO)
    assert [(each.name, each.value) for each in kept.rules] == [("access:person:1", "block")]
    assert kept.started == (C,)
    assert [(each.key, each.value) for each in kept.values] == [
        ("{budgets}:c:person-9-1-tokens-day-20000", {"settled": "5"})
    ]
    assert [each.reply for each in kept.messages] == ["about the secret"]
