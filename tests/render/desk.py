"""A writer with everything around it: Discord at our own seam, a journal, a lease."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.conversation.errors import DiscordNotNow, Fenced
from bot.render.controls import Controls
from bot.render.pace import Pace
from bot.render.plan import Posted
from bot.render.style import Style
from bot.render.upload import Draw
from bot.render.writer import Writer
from bot.render.writer_setup import Placement, WriterServices
from tests.render.fake_outbox import FakeOutbox

CHANNEL = 7
TEXT = "Some words that make up a reply. " * 150  # 2.5 messages


@dataclass(slots=True)
class Desk:
    """Writers with everything around them."""

    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    pace: Pace = field(default_factory=Pace)
    journal: list[tuple[str, int, str | int]] = field(default_factory=list)
    allowed: bool = True
    fenced_at: str = ""

    def writer(
        self,
        *posted: Posted,
        channel_id: int = CHANNEL,
        streaming: Controls | None = None,
        opened: Callable[[], Awaitable[None]] | None = None,
        delayed: Callable[[DiscordNotNow], Awaitable[None]] | None = None,
        draw: Draw | None = None,
        style: Style | None = None,
    ) -> Writer:
        return Writer(
            WriterServices(self.outbox, self.pace, style, draw),
            Placement(channel_id, reply_to=42, posted=posted, streaming=streaming),
            Hooks(self, channel_id, opened, delayed),
        )

    def note(self, step: str, part: int, what: str | int) -> None:
        if self.fenced_at == f"{step} {part}":
            raise Fenced
        self.journal.append((step, part, what))


@dataclass(slots=True)
class Hooks:
    """The hooks of a desk's writer."""

    desk: Desk
    channel_id: int
    opened: Callable[[], Awaitable[None]] | None
    told: Callable[[DiscordNotNow], Awaitable[None]] | None

    def nonce(self, part: int) -> str:
        return f"{self.channel_id}-{part}"

    def may_write(self) -> bool:
        return self.desk.allowed

    async def open(self) -> None:
        if self.opened is not None:
            await self.opened()

    async def before_send(self, part: int, content: str) -> None:
        self.desk.note("before", part, content)

    async def after_send(self, part: int, message_id: int) -> None:
        self.desk.note("after", part, message_id)

    async def delayed(self, refused: DiscordNotNow) -> None:
        if self.told is not None:
            await self.told(refused)


async def stream(writer: Writer, text: str = TEXT, *, every_s: float = 0.02, chars: int = 4) -> None:
    for start in range(0, len(text), chars):
        writer.push(text[start : start + chars])
        await asyncio.sleep(every_s)


async def write(desk: Desk, writer: Writer, text: str = TEXT) -> tuple[Posted, ...]:
    """A whole reply, streamed, with a commit that takes a moment."""
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.run())
        await stream(writer, text)
        writer.close_text()
    await asyncio.sleep(0.01)
    return await writer.finish()


def shows(desk: Desk, text: str = TEXT) -> bool:
    """Whether Discord shows exactly the reply."""
    return " ".join(desk.outbox.texts()) == text.strip()
