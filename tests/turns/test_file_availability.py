"""The step that finds which files are available, with the store replaced at our own seam."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, cast

from structlog.testing import capture_logs

from bot.conversation.content import GONE, FileSource, Image, InlineSource, Source
from bot.conversation.message import Attachment
from bot.conversation.request import PromptMessage
from bot.store.held_files import Held
from bot.turns.file_availability import FileAvailability
from bot.turns.prepare import Prepared
from tests.conversation.builders import message, snowflake, turn
from tests.store.claims import a_claim

OLD, NEW = FileSource("file_1"), InlineSource("image/png", "b1")
PAST = replace(turn(1), sent=(PromptMessage("user", (Image(OLD, 30),)),))
ASKED = message("look", attachments=(Attachment(1, "a.png", "image/png", 4, blocks=(Image(NEW, 30),)),))


@dataclass
class Store:
    gone: frozenset[Source] = frozenset()
    expired: int = 0
    asked: list[Collection[Source]] = field(default_factory=list)

    async def held(self, _conversation: int, named: Collection[Source]) -> Held:
        self.asked.append(named)
        return Held(self.gone, self.expired, {"b1": "cG5n"})


async def check(store: Store, past: Any = (PAST,), asked: Any = ASKED) -> Prepared:
    claim = a_claim(snowflake(100), history=past, messages=(asked,))
    return await FileAvailability(cast("Any", store))(claim, Prepared((asked,)))


async def test_a_conversation_without_files_costs_nothing() -> None:
    store = Store()
    assert await check(store, (), message("hello")) == Prepared((message("hello"),))
    assert store.asked == []


async def test_the_bytes_of_inline_files_are_read() -> None:
    store = Store()
    assert await check(store) == Prepared((ASKED,), inline={"b1": "cG5n"})
    assert store.asked == [{OLD, NEW}]


async def test_a_text_stands_in_place_of_what_is_gone() -> None:
    prepared = await check(Store(gone=frozenset({OLD, NEW})))
    assert prepared.gone == {OLD, NEW}
    assert prepared.messages[0].attachments[0].blocks == (GONE,)


async def test_the_operator_is_told_of_files_that_have_expired() -> None:
    with capture_logs() as logs:
        await check(Store(frozenset({OLD}), expired=1))
    assert [(entry["event"], entry["files"]) for entry in logs] == [("files_gone", 1)]
