"""The writer, against a Discord at our own seam, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.render.mark import is_marked
from bot.render.pace import Pace
from bot.render.plan import Posted
from bot.render.writer import Writer
from tests.render.fake_outbox import FakeOutbox
from tests.render.virtual_time import run

PLACE = 7


@dataclass(slots=True)
class Desk:
    """A writer with everything around it."""

    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    pace: Pace = field(default_factory=Pace)
    journal: list[tuple[str, int, str | int]] = field(default_factory=list)
    allowed: bool = True

    def writer(self, *posted: Posted, limit: int = 2000) -> Writer:
        return Writer(
            self.outbox,
            PLACE,
            pace=self.pace,
            nonce=lambda part: f"n-{part}",
            reply_to=42,
            posted=posted,
            before_send=self.before,
            after_send=self.after,
            may_write=lambda: self.allowed,
            limit=limit,
        )

    async def before(self, part: int, content: str) -> None:
        self.journal.append(("before", part, content))

    async def after(self, part: int, message_id: int) -> None:
        self.journal.append(("after", part, message_id))


async def stream(writer: Writer, text: str, *, every_s: float = 0.02, chars: int = 4) -> None:
    for start in range(0, len(text), chars):
        writer.push(text[start : start + chars])
        await asyncio.sleep(every_s)


def test_a_reply_streams_and_ends_complete() -> None:
    text = "Some words that make up a reply. " * 150

    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        await stream(writer, text)
        writer.close_text()
        assert any(is_marked(shown) for shown in desk.outbox.texts())
        posted = await writer.finish()
        await task
        assert [item.content for item in posted] == desk.outbox.texts()
        assert " ".join(desk.outbox.texts()) == text.strip()
        assert not any(is_marked(shown) for shown in desk.outbox.texts())

    run(main())
