"""What becomes of edits that come at the wrong moment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.message import Message
from bot.gateway.changes import Changes
from bot.store.revisions import Change


class Finishing:
    """A turn that stays committed for as long as anybody looks."""

    def __init__(self) -> None:
        self.amended: list[tuple[int, int, str]] = []

    async def homes(self, _message: int, channel: int) -> tuple[int, ...]:
        return (channel,)

    async def edit(self, _home: int, _message: Message, *, edited_ms: int) -> Change:
        assert edited_ms == 0
        return Change.LATER

    async def amend(self, home: int, now: Message) -> bool:
        self.amended.append((home, now.id, now.text))
        return True


async def test_an_edit_is_not_dropped_although_the_turn_does_not_come_to_its_end() -> None:
    revisions = Finishing()
    nobody = cast("Any", None)
    changes = Changes(cast("Any", revisions), nobody, nobody, finishing_pause_s=0.0)
    author = SimpleNamespace(id=1, name="ann", display_name="Ann")
    said = SimpleNamespace(
        id=7,
        author=author,
        content="new",
        mentions=[],
        attachments=[],
        edited_at=None,
        channel=SimpleNamespace(id=5),
    )
    await changes.edited(cast("Any", said))
    assert revisions.amended == [(5, 7, "new")]
