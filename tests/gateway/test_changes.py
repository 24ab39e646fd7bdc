"""What becomes of edits and deletions that come at the wrong moment."""

from __future__ import annotations

from typing import Any, cast

from bot.gateway.changes import Changes
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
