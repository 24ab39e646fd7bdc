"""Every command is answered within Discord's 3 s, to the person alone, and in one kind line if something is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from bot.commands import why_view
from bot.commands.failures import GONE, UNAVAILABLE, missing
from bot.commands.handover import CANNOT_SEE
from bot.conversation import wording
from tests.e2e.controls import answer
from tests.e2e.in_time import first_answer
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLASH, MENU = 1, 3
SUBCOMMANDS = (1, 2)
AT_ONCE = 6

Use = tuple[str, dict[str, Any]]
"""A command with values for its required options."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def away(shared: World) -> AsyncIterator[tuple[World, RedisProxy, int]]:
    """A world whose settings may become anything, with its own way to Redis."""
    async with RedisProxy.before(shared.redis_url) as proxy, shared.apart(redis_url=proxy.url) as own:
        thread = await own.converse(own.channel(), "hello")
        yield own, proxy, thread


def values(world: World, option: dict[str, Any]) -> Any:
    """A value for a required option."""
    if choices := option.get("choices"):
        return choices[0]["value"]
    return {3: "text", 4: 1, 5: True, 6: world.ben.id, 10: 1.0}[option["type"]]


def uses(world: World, level: dict[str, Any], name: str) -> Iterator[Use]:
    """Each command below one, with values for the options that it requires."""
    options = level.get("options") or ()
    below = [each for each in options if each["type"] in SUBCOMMANDS]
    for each in below:
        yield from uses(world, each, f"{name} {each['name']}")
    if not below:
        yield name, {each["name"]: values(world, each) for each in options if each.get("required")}


def commands(world: World) -> list[Use]:
    """Every slash command that is registered."""
    found = world.discord.world.applications[world.app.id].commands.values()
    return [use for each in found if each["type"] == SLASH for use in uses(world, each, each["name"])]


def menus(world: World) -> list[str]:
    """Every menu of a message."""
    found = world.discord.world.applications[world.app.id].commands.values()
    return [each["name"] for each in found if each["type"] == MENU]


async def each_answer(world: World, thread: int) -> list[tuple[str, Any]]:
    """The first answer to every command and menu, some at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def use(name: str, options: dict[str, Any]) -> tuple[str, Any]:
        async with room:
            return name, await first_answer(lambda: world.admin.command(thread, name, options))

    async def on_message(name: str) -> tuple[str, Any]:
        reply = world.replies(thread)[0]["id"]
        async with room:
            return name, await first_answer(lambda: world.admin.context_command(thread, name, reply))

    used = [use(name, options) for name, options in commands(world)]
    return list(await asyncio.gather(*used, *(on_message(name) for name in menus(world))))


@pytest.mark.parametrize("delay_s", [0.8, 5.0])
async def test_every_command_is_answered_in_time_though_the_store_is_slow(
    away: tuple[World, RedisProxy, int], delay_s: float
) -> None:
    own, proxy, thread = away
    assert len(commands(own)) > 40
    proxy.delay_s = delay_s
    try:
        for name, response in await each_answer(own, thread):
            assert response.ephemeral or response.kind == "modal", name
    finally:
        proxy.come_back()


async def test_every_command_tells_that_the_store_is_away(away: tuple[World, RedisProxy, int]) -> None:
    own, proxy, thread = away
    proxy.leave()
    try:
        for name, options in commands(own):
            handle = await own.admin.command(thread, name, options)
            assert await answer(handle) == wording.STORE_DOWN, name
            assert handle.followups == [], name
    finally:
        proxy.come_back()


async def test_a_store_that_goes_away_after_a_command_was_taken_is_told_as_well(
    away: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = away
    proxy.delay_s = 0.5
    try:
        for name in ("why", "export", "access show", "answer show", "settings show", "handover"):
            options = {"member": own.ben.id} if name == "handover" else {}
            handle = await own.ann.command(thread, name, options)
            await handle.response()
            proxy.leave()
            message = await handle.message()
            assert message["content"] == wording.STORE_DOWN, name
            proxy.come_back()
            await own.until(lambda: not proxy.gone)
            await answer(await own.ann.command(thread, "help"))
            proxy.delay_s = 0.5
    finally:
        proxy.come_back()


FAILS = dict.fromkeys(("export", "why", "handover"), UNAVAILABLE)
FAULTS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"action": "status", "status": 503}, FAILS),
    ({"action": "status", "status": 500}, FAILS),
    ({"action": "reset"}, FAILS),
    ({"action": "delay", "delay_s": 30.0}, FAILS),
    (
        {"action": "error", "status": 404, "code": 10003},
        {"export": GONE, "why": GONE, "handover": CANNOT_SEE},
    ),
    (
        {"action": "error", "status": 403, "code": 50001},
        {"export": missing(""), "why": why_view.MAY_NOT_READ, "handover": missing("")},
    ),
]


@pytest.mark.parametrize(("fault", "told"), FAULTS, ids=[str(fault) for fault, _ in FAULTS])
async def test_a_failure_of_discord_is_told_in_one_kind_line(
    alone: World, fault: dict[str, Any], told: dict[str, str]
) -> None:
    await alone.start_bot(module="tests.e2e.impatient")
    said = await answer(await alone.ann.command(alone.channel(), "chat", {"private": True}))
    thread = int(said.partition("<#")[2].partition(">")[0])
    await alone.settled(await alone.ann.post(thread, "hello"))
    alone.discord.faults.add(method="GET", route=rf"/channels/{thread}/", times=None, **fault)
    for command, text in told.items():
        options = {"member": alone.ben.id} if command == "handover" else {}
        handle = await alone.ann.command(thread, command, options)
        assert await answer(handle) == text.format(member=f"<@{alone.ben.id}>"), command
        assert handle.followups == []
    assert alone.bots[0].log("interaction_failed") == []
