"""The end of a reply while an edit is under way, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.conversation.errors import DiscordUnavailable, Fenced
from bot.render.outbox import Change
from bot.render.upload import Attached
from tests.render.desk import TEXT, Desk, shows, stream
from tests.render.fake_outbox import FakeOutbox
from tests.render.virtual_time import run

SOME = TEXT[:400]


@dataclass(slots=True)
class SlowOutbox(FakeOutbox):
    """Holds the first edits back for so long before they take effect, and raises after that what `lost` says."""

    held_s: list[float] = field(default_factory=list)
    lost: bool = False

    async def edit(self, channel_id: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        held_s = self.held_s.pop(0) if self.held_s else 0.0
        await asyncio.sleep(held_s)
        attached = await FakeOutbox.edit(self, channel_id, message_id, change)
        if held_s and self.lost:
            raise DiscordUnavailable
        return attached


async def write_until_an_edit_is_under_way(outbox: FakeOutbox) -> tuple[Desk, float]:
    """Write a reply whose text ends 50 ms after its first edit was sent; returns when the text ended, too."""
    desk = Desk(outbox)
    writer = desk.writer()
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.run())
        await stream(writer, SOME[:-4], every_s=1.36 / 99)
        writer.push(SOME[-4:])
        writer.close_text()
    ended_s = loop.time()
    assert not desk.outbox.seen("edit")
    await writer.finish()
    assert writer.unconfirmed  # Discord may have applied the two edits in either order
    return desk, ended_s


def test_the_last_edit_does_not_wait_for_an_edit_that_is_under_way() -> None:
    async def main() -> None:
        desk, ended_s = await write_until_an_edit_is_under_way(FakeOutbox())
        assert shows(desk, SOME)
        older, last = desk.outbox.seen("edit")
        assert older.content != last.content
        assert last.at == pytest.approx(ended_s + 0.075, abs=0.001)

    run(main())


@pytest.mark.parametrize("lost", [False, True])
def test_an_edit_that_takes_effect_after_the_last_one_is_put_right(lost: bool) -> None:
    async def main() -> None:
        desk, _ = await write_until_an_edit_is_under_way(SlowOutbox(held_s=[0.5], lost=lost))
        assert shows(desk, SOME)
        last, older, again = desk.outbox.seen("edit")
        assert last.content == again.content != older.content

    run(main())


def test_abandoning_drops_an_edit_that_was_overtaken() -> None:
    async def main() -> None:
        desk = Desk(SlowOutbox(held_s=[60.0]))
        writer = desk.writer()
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            await stream(writer, SOME, every_s=1.36 / 100)
            writer.close_text()
        finishing = asyncio.create_task(writer.finish())
        await asyncio.sleep(5.0)
        assert not finishing.done()
        await writer.abandon()
        with pytest.raises(Fenced):
            await finishing
        assert asyncio.get_running_loop().time() < 60.0

    run(main())
