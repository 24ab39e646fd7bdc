"""Which event reaches which handler, by discord.py's own dispatch."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.gateway.connection.client import Client
from bot.gateway.events.decider import EditEffect
from bot.gateway.listener import Listener

CHANNEL, MESSAGE = 5, 7
OLDER_MISSED = 8
"""A message whose channel is listed first."""
AWAITED = (
    "accept",
    "accept_edited",
    "delete",
    "resume",
    "edit",
    "thread",
    "channel",
    "server",
    "list_before",
)
PERSON = SimpleNamespace(id=2, bot=False)
BOT = SimpleNamespace(id=3, bot=True)


class Recorder:
    """Stands in for the objects that handle events, and notes their calls; knows no message.

    `effect` is what an edit may do.
    """

    def __init__(self, effect: EditEffect = EditEffect.ANSWER) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self._effect = effect

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: self._call(name, arguments, options)

    def _call(self, name: str, arguments: tuple[object, ...], options: dict[str, object]) -> Any:
        if name == "is_by_a_person":
            return not cast("Any", arguments[0]).author.bot
        self.calls.append((name, (*arguments, *options.values())))
        if name == "edit_effect":
            effect: asyncio.Future[EditEffect] = asyncio.get_running_loop().create_future()
            effect.set_result(self._effect)
            return effect
        if name in AWAITED:
            done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            done.set_result(name == "list_before" and cast("Any", arguments[0]).id == OLDER_MISSED)
            return done
        return None


def message(**fields: Any) -> SimpleNamespace:
    """A message as far as the listener reads it."""
    plain = {
        "id": MESSAGE,
        "channel": SimpleNamespace(id=CHANNEL),
        "author": PERSON,
        "type": discord.MessageType.default,
        "pinned": False,
        "edited_at": None,
    }
    return SimpleNamespace(**{**plain, **fields})


async def handled(event: str, *arguments: object) -> list[str]:
    """Have discord.py dispatch an event; returns the names of the calls that the event has caused."""
    return [name for name, _ in (await recorded(Recorder(), event, *arguments)).calls]


async def recorded(recorder: Recorder, event: str, *arguments: object) -> Recorder:
    """Have discord.py dispatch an event to the recorder."""
    async with Client() as client:
        client._connection.user = cast("Any", BOT)
        anything = cast("Any", recorder)
        listener = Listener(
            client,
            intake=anything,
            changes=anything,
            pins=anything,
            catchup=anything,
            backlog=anything,
            removals=anything,
            existence=anything,
        )
        listener.register()
        before = asyncio.all_tasks()
        client.dispatch(event, *arguments)
        await asyncio.gather(*(asyncio.all_tasks() - before))
    return recorder


async def test_a_session_that_begins_or_resumes_has_missed_messages_looked_for() -> None:
    assert await handled("connect") == ["begin"]
    assert await handled("ready") == ["invalidate", "request", "request"]
    assert await handled("resumed") == ["request"]


@pytest.mark.parametrize(
    ("fields", "calls"),
    [
        ({}, ["list_before", "accept", "read_if_unknown"]),
        ({"id": OLDER_MISSED}, ["list_before", "accept", "wake", "read_if_unknown"]),
        ({"type": discord.MessageType.pins_add}, ["list_before", "accept", "read"]),
        ({"type": discord.MessageType.new_member}, ["list_before", "accept"]),
        ({"author": BOT}, ["accept"]),
    ],
)
async def test_every_message_is_offered_to_the_intake_after_what_is_older(
    fields: dict[str, Any], calls: list[str]
) -> None:
    assert await handled("message", message(**fields)) == calls


@pytest.mark.parametrize(
    ("fields", "calls"),
    [
        ({"edited_at": 1}, ["compare", "edit_effect", "edit", "accept_edited"]),
        ({}, ["compare"]),
        ({"edited_at": 1, "author": BOT}, ["compare"]),
    ],
)
async def test_an_edit_of_a_person_is_applied_or_offered_to_the_intake(
    fields: dict[str, Any], calls: list[str]
) -> None:
    assert await handled("raw_message_edit", SimpleNamespace(message=message(**fields))) == calls


@pytest.mark.parametrize(
    ("effect", "asks_again"),
    [(EditEffect.ANSWER, [True]), (EditEffect.STORE, [False]), (EditEffect.NOTHING, [])],
)
async def test_an_edit_asks_again_only_where_its_author_may_have_an_answer(
    effect: EditEffect, asks_again: list[bool]
) -> None:
    edited = SimpleNamespace(message=message(edited_at=1))
    calls = (await recorded(Recorder(effect), "raw_message_edit", edited)).calls
    assert [arguments[-1] for name, arguments in calls if name == "edit"] == asks_again
    assert ("accept_edited" in [name for name, _ in calls]) is bool(asks_again)


async def test_an_error_of_a_handler_is_logged_with_the_name_of_the_handler(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Failing(Recorder):
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("no such thing")

    await recorded(Failing(), "message", message())
    logged = capsys.readouterr().out
    assert "event_failed" in logged
    assert "on_message" in logged


@pytest.mark.parametrize(
    ("event", "gone", "call"),
    [
        ("raw_thread_delete", SimpleNamespace(thread_id=CHANNEL), "thread"),
        ("guild_channel_delete", SimpleNamespace(id=CHANNEL, guild=SimpleNamespace(id=1)), "channel"),
        ("guild_remove", SimpleNamespace(id=1), "server"),
    ],
)
async def test_what_is_gone_is_erased(event: str, gone: object, call: str) -> None:
    assert await handled(event, gone) == [call]


async def test_deletions_are_noted_at_once_and_applied() -> None:
    one = SimpleNamespace(channel_id=CHANNEL, message_id=MESSAGE)
    assert await handled("raw_message_delete", one) == ["deleted", "delete"]
    several = SimpleNamespace(channel_id=CHANNEL, message_ids={MESSAGE, 8})
    assert await handled("raw_bulk_message_delete", several) == ["deleted", "deleted", "delete"]


@pytest.mark.parametrize(("locked", "calls"), [(True, []), (False, ["resume"])])
async def test_a_reply_is_resumed_when_its_thread_is_not_locked(locked: bool, calls: list[str]) -> None:
    payload = SimpleNamespace(thread_id=CHANNEL, data={"thread_metadata": {"locked": locked}})
    assert await handled("raw_thread_update", payload) == calls


async def test_pins_are_read_after_their_events() -> None:
    channel = SimpleNamespace(id=CHANNEL)
    assert await handled("guild_channel_pins_update", channel, None) == ["read"]
    assert await handled("private_channel_pins_update", channel, None) == ["read"]
