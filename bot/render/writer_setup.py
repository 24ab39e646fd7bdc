"""The arguments of a Writer: shared services, the placement of one reply, and the hooks of the reply's owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bot.conversation.errors import DiscordNotNow
from bot.render.controls import Controls
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.render.plan import Posted
from bot.render.style import Style
from bot.render.tally import Tally
from bot.render.upload import Draw


@dataclass(frozen=True, slots=True)
class WriterServices:
    """The services of all writers: `style` decides which text goes into files, `draw` makes pictures of TeX.

    Where Discord refuses files, their content is part of the text.
    """

    outbox: Outbox
    pace: Pace
    style: Style | None = None
    draw: Draw | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a reply is written.

    `posted` are the messages of an earlier attempt, in order; the writer reuses them. If they are `followed` by
    another reply, the next message references the first of them, so that a reader sees what the message continues.
    The newest message carries the buttons `streaming` until `finish` sets the final ones; None for both leaves all
    buttons unchanged. `tally` counts the calls to Discord.
    """

    channel_id: int
    reply_to: int | None = None
    posted: tuple[Posted, ...] = ()
    followed: bool = False
    streaming: Controls | None = None
    tally: Tally = field(default_factory=Tally)


class WriterHooks(Protocol):
    """The calls of a writer to the owner of the reply; an exception of a hook ends the writing."""

    def nonce(self, part: int) -> str:
        """Return the nonce of a part."""

    def may_write(self) -> bool:
        """Whether calls to Discord are allowed now; asked before each call."""

    async def open(self) -> None:
        """Wait until the channel exists; awaited before the first call."""

    async def before_send(self, part: int, content: str) -> None:
        """Journal the intent to post a part."""

    async def after_send(self, part: int, message_id: int) -> None:
        """Journal the id of a posted part."""

    async def delayed(self, refused: DiscordNotNow) -> None:
        """Tell people that the reply comes later; awaited once, at the first DiscordNotNow while streaming."""
