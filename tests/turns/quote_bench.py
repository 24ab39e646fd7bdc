"""The step that fetches quotes, with Discord and the store replaced at our own seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.conversation.message import Message, Quote, Quoted, Reference, Room
from bot.conversation.message_links import Link
from bot.conversation.quoting import Missing, RoomContent
from bot.conversation.trimming import TrimPolicy
from bot.store.claim import Claim, Lease
from bot.store.quote_store import FetchedQuotes
from bot.turns.prepare import Prepared
from bot.turns.quoted_context import QuotedContext
from tests.conversation.builders import BEN, message, snowflake
from tests.store.claims import a_claim

SAID = Quoted(snowflake(5), "how do looms work?", BEN)
REPLY = replace(message("what does this mean?", number=20), reference=Reference(8, SAID.id, SAID))


def link(number: int) -> str:
    return f"https://discord.com/channels/1/9/{number}"


@dataclass
class Bench:
    """Answers as told, and notes the calls."""

    answer: Quoted | Missing = SAID
    content: RoomContent | Missing = field(default_factory=RoomContent)
    calls: list[Any] = field(default_factory=list)
    kept: dict[int, FetchedQuotes] = field(default_factory=dict)
    now_ms: int = 0
    waits: tuple[int, ...] = ()

    async def waiting(self, _claim: Claim) -> tuple[int, ...]:
        return self.waits

    async def message(self, guild: int | None, channel: int, message: int) -> Quoted | Missing:
        self.calls.append(("message", guild, channel, message))
        return self.answer

    async def linked(self, link: Link, **_: Any) -> Quoted | Missing:
        self.calls.append(link)
        return replace(self.answer, id=link.message) if isinstance(self.answer, Quoted) else self.answer

    async def room(self, room: Room, *, count: int, **_: Any) -> RoomContent | Missing:
        self.calls.append((room, count))
        return self.content

    async def fetched(self, _conversation: int, messages: Sequence[int]) -> dict[int, FetchedQuotes]:
        return {each: self.kept[each] for each in messages if each in self.kept}

    async def keep(self, _lease: Lease, message: int, quotes: FetchedQuotes) -> None:
        self.kept[message] = quotes

    async def trimming(self, _claim: Claim) -> TrimPolicy:
        return TrimPolicy(high_tokens=10**6, low_tokens=10**5)

    async def prepare(self, *messages: Message, claim: Claim | None = None, **more: Any) -> Prepared:
        step = QuotedContext(cast("Any", self), cast("Any", self), 20, lambda: self.now_ms, self.trimming)
        step = replace(step, waiting=self.waiting)
        claim = claim or a_claim(
            messages[0].id, messages=messages, members=tuple(each.id for each in messages)
        )
        return await step(claim, Prepared(messages, **more))


def quotes(prepared: Prepared) -> tuple[Quote, ...]:
    return prepared.messages[-1].quotes
