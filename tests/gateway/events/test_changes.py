"""What becomes of edits and deletions that come at the wrong moment."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.message import Message
from bot.gateway.events.changes import Changes
from bot.gateway.events.outage_buffer import OutageBuffer
from bot.store.revisions import Change
from tests.patience import idle_timeout


class Finishing:
    """A turn that stays committed for as long as anybody looks."""

    def __init__(self) -> None:
        self.amended: list[tuple[int, int, str]] = []

    async def conversations_of(self, _message: int, channel: int) -> tuple[int, ...]:
        return (channel,)

    async def edit(self, _home: int, _message: Message, *, edited_ms: int) -> Change:
        assert edited_ms == 0
        return Change.LATER

    async def amend(self, home: int, now: Message, *, edited_ms: int) -> bool:  # noqa: ARG002 (named at its call)
        self.amended.append((home, now.id, now.text))
        return True


async def test_an_edit_is_not_dropped_although_the_turn_does_not_come_to_its_end() -> None:
    revisions = Finishing()
    nobody = cast("Any", None)
    changes = Changes(cast("Any", revisions), nobody, nobody, poll_s=0.0)
    author = SimpleNamespace(id=1, name="ann", display_name="Ann", global_name="Ann", discriminator="0")
    said = SimpleNamespace(
        id=7,
        author=author,
        content="new",
        mentions=[],
        attachments=[],
        stickers=[],
        embeds=[],
        poll=None,
        reference=None,
        webhook_id=None,
        guild=None,
        edited_at=None,
        channel=SimpleNamespace(id=5),
    )
    await changes.edit(cast("Any", said))
    assert revisions.amended == [(5, 7, "new")]


class Slow:
    """A store that forgets when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def conversations_of(self, message: int, channel: int) -> tuple[int, ...]:
        return (message, channel)

    async def delete(self, _home: int, _message: int) -> Change:
        await self.go_on.wait()
        return Change.OLD


async def test_what_is_asked_after_a_deletion_waits_until_that_is_noted_and_no_longer() -> None:
    store, nobody = Slow(), cast("Any", None)
    changes = Changes(cast("Any", store), nobody, nobody)
    deleting = asyncio.create_task(changes.delete(5, [5, 7, 8]))
    await asyncio.sleep(0)
    await changes.wait_for_deletions(6)
    waiting = [asyncio.create_task(changes.wait_for_deletions(place)) for place in (5, 8)]
    await asyncio.sleep(0.01)
    assert not any(task.done() for task in waiting)
    store.go_on.set()
    async with idle_timeout(5):
        await asyncio.gather(deleting, *waiting)
        await changes.wait_for_deletions(5)


class Forgetful:
    """A store that knows of a message from when it is taken in, which here is while it is deleted."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.taken_in = False

    async def conversations_of(self, _message: int, channel: int) -> tuple[int, ...]:
        return (channel,) if self.taken_in else ()

    async def delete(self, _home: int, _message: int) -> Change:
        self.steps.append("delete")
        return Change.SAME

    async def tombstone(self, _message: int, _channel: int) -> bool:
        self.steps.append("tombstone")
        self.taken_in = True
        return False


async def test_what_is_taken_in_between_the_two_steps_of_a_deletion_is_deleted_too() -> None:
    revisions, nobody = Forgetful(), cast("Any", None)
    await Changes(cast("Any", revisions), nobody, nobody).delete(5, [7])
    assert revisions.steps == ["tombstone", "delete"]


async def test_a_deletion_waits_for_what_is_just_being_taken_in() -> None:
    revisions, nobody, outage_buffer = Forgetful(), cast("Any", None), OutageBuffer()
    changes = Changes(cast("Any", revisions), nobody, nobody, outage_buffer)
    with outage_buffer.accepting(7):
        deleting = asyncio.create_task(changes.delete(5, [7]))
        await asyncio.sleep(0.01)
        assert revisions.steps == []
        assert outage_buffer.is_discarded(7), "whoever holds it may let it go"
        assert not outage_buffer.is_discarded(8)
    await deleting
    assert not outage_buffer.is_discarded(7)
    assert revisions.steps[-1] == "delete"
