"""/model: which model answers where; who may choose, what is offered, what becomes of one that is no more."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import model_view
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.commands.scopes import ONLY_IN_SERVERS
from bot.conversation.scope import Scope
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import permissions as bits
from bot.store.codec import load_turn
from tests.e2e.history_scene import store_of, stored_turns
from tests.e2e.in_time import first_answer
from tests.e2e.models_scene import DEFAULT, HAIKU, OPUS, RETIRED, choose, go_on
from tests.e2e.test_commands import answer
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = "claude-haiku-4-5"
KINDS = (
    "input_tokens",
    "ephemeral_5m_input_tokens",
    "ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
PRICES = {DEFAULT: (2, 2.5, 4, 0.1, 10), HAIKU: (0.1, 0.125, 0.2, 0.01, 0.5)}
"""Micro-dollars for a token of each kind."""


async def offered(person: Any, place: int, typed: str) -> list[dict[str, str]]:
    """What is offered while somebody types a model."""
    choices: list[dict[str, str]] = await person.autocomplete(place, "model set", {"model": typed}, "model")
    return choices


async def costs(world: World, thread: int) -> list[Any]:
    """What is stored as the cost of each turn."""
    return [load_turn(entry).cost for entry in await stored_turns(world, thread)]


async def test_the_model_that_is_chosen_is_asked_from_the_next_message_on(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert world.asked[-1].body["model"] == DEFAULT
    said = await choose(world.ann, thread, model=HAIKU, effort="low")
    assert said == f"{HAIKU} answers in this thread from the next reply on, with effort low."
    body = await go_on(world, thread)
    assert (body["model"], body["output_config"]) == (HAIKU, {"effort": "low"})
    assert "thinking" not in body
    assert len(body["messages"]) == 3


async def test_thinking_is_turned_off_in_the_way_the_model_takes(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert (await choose(world.ann, thread, thinking="off")).endswith("with effort medium, thinking off.")
    assert (await go_on(world, thread))["thinking"] == {"type": "between_tools"}
    await choose(world.ann, thread, model=HAIKU)
    assert (await go_on(world, thread))["thinking"] == {"type": "disabled"}
    said = await choose(world.ann, thread, model=OPUS)
    assert "does not take thinking off, which is set here: I leave that out." in said
    assert "thinking" not in await go_on(world, thread)
    assert world.replies(thread)[-1]["content"]


async def test_the_narrowest_choice_counts_for_model_and_effort_each(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await choose(own.admin, channel, model=OPUS, scope="server")
        await choose(own.admin, channel, effort="max")
        thread = await own.converse(channel, "one")
        assert own.asked[-1].body["model"] == OPUS
        assert own.asked[-1].body["output_config"] == {"effort": "max"}
        await choose(own.ann, thread, model=OLD)
        body = await go_on(own, thread)
        assert body["model"] == OLD
        assert "output_config" not in body  # it takes none
        shown = await answer(await own.ben.command(thread, "model show"))
        assert f"**{OLD}** answers here (set for this thread)." in shown
        assert "does not take effort max, which is set here: I leave that out." in shown
        assert "A million tokens cost $1 in, $0.10 from the cache, $5 out." in shown
        assert await answer(await own.ann.command(thread, "model clear")) == model_view.cleared(
            Scope.THREAD, was_set=True
        )
        assert await answer(await own.ann.command(thread, "model clear")) == model_view.cleared(
            Scope.THREAD, was_set=False
        )
        shown = await answer(await own.ben.command(thread, "model show"))
        assert f"**{OPUS}** answers here (set for this server)." in shown
        assert "Effort: max (set for this channel)." in shown
        assert (await go_on(own, thread))["model"] == OPUS


async def test_a_choice_of_the_model_leaves_the_prompt_alone_and_a_reset_leaves_both(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    opened = await world.ann.command(thread, "system set")
    await opened.response()
    await answer(await world.ann.submit(opened, {"prompt": "Speak like a weaver."}))
    await choose(world.ann, thread, model=HAIKU)
    body = await go_on(world, thread)
    assert body["model"] == HAIKU
    assert "Speak like a weaver." in str(body["system"])
    await answer(await world.ann.command(thread, "model clear"))
    assert "Speak like a weaver." in str((await go_on(world, thread))["system"])


async def test_models_are_offered_as_somebody_types_with_their_price_and_their_end(world: World) -> None:
    channel = world.channel()
    everything = await offered(world.ann, channel, "")
    assert RETIRED not in [each["value"] for each in everything]
    assert {"name": "Claude Opus 5.5 · $4 in, $20 out", "value": OPUS} in everything
    assert [each["value"] for each in await offered(world.ann, channel, "haiku 5.5")] == [HAIKU]
    (old,) = await offered(world.ann, channel, "sonnet-4-5")
    assert old["name"].endswith("ends 2026-11-30")
    assert await offered(world.ann, channel, "gpt") == []


async def test_models_are_offered_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    for delay_s in (0.3, 5.0):
        proxy.delay_s = delay_s
        assert await offered(own.ann, thread, "opus")
    proxy.leave()
    assert await offered(own.ann, thread, "haiku 5.5")


@pytest.mark.parametrize("command", ["model show", "model set", "model clear"])
async def test_every_command_is_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int], command: str
) -> None:
    own, proxy, thread = flaky
    options = {"model": HAIKU} if command == "model set" else {}
    for delay_s in (0.8, 5.0):
        proxy.delay_s = delay_s
        assert (await first_answer(lambda: own.ann.command(thread, command, options))).ephemeral


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"model": "claude-haiku-55"},
            "There is no model called “claude-haiku-55”. Did you mean: claude-haiku-5-5",
        ),
        ({"model": "@everyone **hi**"}, "There is no model called “@everyone \\*\\*hi\\*\\*”"),
        ({"model": RETIRED}, f"was retired on 2026-02-19 and no longer answers. {HAIKU} takes its place."),
        ({"model": OLD, "effort": "low"}, "Claude Haiku 4.5 knows no effort levels."),
        ({"model": OPUS, "thinking": "off"}, "Claude Opus 5.5 always thinks before it answers."),
        ({"model": HAIKU, "thinking": "off", "effort": "max"}, "no more than the effort “high”"),
        ({}, model_view.NOTHING_CHOSEN),
    ],
)
async def test_what_cannot_be_is_refused_with_what_can(
    world: World, options: dict[str, str], words: str
) -> None:
    thread = await world.converse(world.channel(), "hello")
    assert words in await choose(world.ann, thread, **options)
    assert (await go_on(world, thread))["model"] == DEFAULT


async def test_the_thread_s_model_is_its_starter_s_and_wider_ones_need_manage_server(world: World) -> None:
    thread = await world.converse(world.channel(), "hello", world.ann)
    assert await choose(world.ben, thread, model=HAIKU) == model_view.MAY_NOT_CHOOSE[Scope.THREAD]
    mod = world.person("mod", bits.MANAGE_THREADS)
    assert (await choose(mod, thread, model=HAIKU)).startswith(HAIKU)
    for scope in (Scope.CHANNEL, Scope.SERVER):
        for person in (world.ann, mod):
            refused = await choose(person, thread, model=HAIKU, scope=scope.value)
            assert refused == model_view.MAY_NOT_CHOOSE[scope]
            cleared = await answer(await person.command(thread, "model clear", {"scope": scope.value}))
            assert cleared == model_view.MAY_NOT_CHOOSE[scope]
    manager = world.person("boss", bits.MANAGE_GUILD)
    assert (await choose(manager, thread, model=HAIKU, scope="channel")).startswith(HAIKU)


async def test_in_direct_messages_the_person_chooses_and_there_are_no_wider_places(world: World) -> None:
    person = world.person("dora")
    dm = int((await person.open_dm(world.app.user_id))["id"])
    assert (await choose(person, dm, model=HAIKU)).startswith(HAIKU)
    assert await choose(person, dm, model=HAIKU, scope="server") == ONLY_IN_SERVERS
    await person.post(dm, "hello")
    await world.answered(dm)
    assert world.asked[-1].body["model"] == HAIKU
    outside = await choose(world.admin, world.channel(), model=HAIKU, scope="thread")
    assert outside == NOT_A_CONVERSATION


async def test_only_the_operator_s_models_are_offered_and_allowed(world: World) -> None:
    async with world.apart({"BOT_CLAUDE__MODELS": f"{HAIKU}, {OLD}"}) as own:
        thread = await own.converse(own.channel(), "hello")
        assert await choose(own.ann, thread, model=OPUS) == model_view.NOT_OFFERED
        values = [each["value"] for each in await offered(own.ann, thread, "")]
        assert values == [HAIKU, DEFAULT, f"{OLD}-20251001"]
        assert (await choose(own.ann, thread, model=OLD)).startswith(OLD)
        assert (await go_on(own, thread))["model"] == OLD


async def test_a_choice_outlives_a_restart(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await choose(own.ann, thread, model=HAIKU, thinking="off")
        await own.bots.pop().stop()
        await own.start_bot()
        body = await go_on(own, thread)
        assert (body["model"], body["thinking"]) == (HAIKU, {"type": "disabled"})


async def test_a_conversation_costs_what_its_requests_cost(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        await go_on(own, thread)
        await choose(own.ann, thread, model=HAIKU)
        await go_on(own, thread)
        expected = sum(
            {**call.usage, **call.usage["cache_creation"]}[kind] * price
            for call in own.asked
            for kind, price in zip(KINDS, PRICES[call.body["model"]], strict=True)
        )
        async with store_of(own) as redis:
            meta = await redis.hgetall(f"{own.prefix}:{{{thread}}}:meta")
        assert "unpriced" not in meta
        assert len(own.asked) == 3
        assert abs(int(meta["cost"]) - expected) <= len(own.asked) / 2
        assert int(meta["cost"]) == sum(await costs(own, thread))


async def test_a_turn_that_nobody_answered_costs_nothing(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        (before,) = await costs(own, thread)
        assert before > 0
        own.claude.faults.add(faults.bad_request("no"))
        await own.settled(await own.ann.post(thread, "and now?"))
        assert await costs(own, thread) == [before, 0]
