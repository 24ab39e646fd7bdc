"""What becomes of edits and deletions that come at the wrong moment."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bot.gateway.changes import Changes
from bot.gateway.holding import Holding
from bot.store.revisions import Change


class Finishing:
    """A turn that stays committed for as long as anybody looks."""

    def __init__(self) -> None:
        self.amended: list[tuple[int, int, object]] = []

    async def homes(self, _message: int, channel: int) -> tuple[int, ...]:
        return (channel,)

    async def delete(self, _home: int, _message: int) -> Change:
        return Change.LATER

    async def amend(self, home: int, message: int, now: object) -> bool:
        self.amended.append((home, message, now))
        return True


async def test_a_deletion_is_not_dropped_although_the_turn_does_not_come_to_its_end() -> None:
    revisions = Finishing()
    nobody = cast("Any", None)
    changes = Changes(cast("Any", revisions), nobody, nobody, finishing_pause_s=0.0)
    await changes.deleted(5, [7])
    assert revisions.amended == [(5, 7, None)]


class Forgetful:
    """A store that knows of a message from when it is taken in, which here is while it is deleted."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.taken_in = False

    async def homes(self, _message: int, channel: int) -> tuple[int, ...]:
        return (channel,) if self.taken_in else ()

    async def delete(self, _home: int, _message: int) -> Change:
        self.steps.append("delete")
        return Change.SAME

    async def bury(self, _message: int, _channel: int) -> bool:
        self.steps.append("bury")
        self.taken_in = True
        return False


async def test_what_is_taken_in_between_the_two_steps_of_a_deletion_is_deleted_too() -> None:
    revisions, nobody = Forgetful(), cast("Any", None)
    await Changes(cast("Any", revisions), nobody, nobody).deleted(5, [7])
    assert revisions.steps == ["bury", "delete"]


async def test_a_deletion_waits_for_what_is_just_being_taken_in() -> None:
    revisions, nobody, holding = Forgetful(), cast("Any", None), Holding()
    changes = Changes(cast("Any", revisions), nobody, nobody, holding)
    with holding.taking(7):
        deleting = asyncio.create_task(changes.deleted(5, [7]))
        await asyncio.sleep(0.01)
        assert revisions.steps == []
        assert holding.dropped(7), "whoever holds it may let it go"
        assert not holding.dropped(8)
    await deleting
    assert not holding.dropped(7)
    assert revisions.steps[-1] == "delete"
