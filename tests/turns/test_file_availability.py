"""The step that finds which files are available, with the store replaced at our own seam."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from structlog.testing import capture_logs

from bot.conversation.content import GONE, FileSource, Image, InlineSource, Source
from bot.conversation.fitting import TOO_MUCH
from bot.conversation.message import Attachment, Message
from bot.conversation.request import PromptMessage
from bot.conversation.turn import Turn
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
    inline: Mapping[str, str] = field(default_factory=lambda: {"b1": "cG5n"})
    asked: list[Collection[Source]] = field(default_factory=list)

    async def held(self, _conversation: int, named: Collection[Source]) -> Held:
        self.asked.append(named)
        return Held(self.gone, self.expired, self.inline)


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


LARGE = dict.fromkeys(("b1", "b2", "b3", "b4"), "x" * 40)


def picture(name: str) -> Image:
    return Image(InlineSource("image/png", name), 30)


def said(number: int, *names: str) -> Turn:
    return replace(turn(number), sent=(PromptMessage("user", tuple(map(picture, names))),))


def asking(*names: str) -> Message:
    files = (
        Attachment(at, f"{name}.png", "image/png", 4, blocks=(picture(name),))
        for at, name in enumerate(names)
    )
    return message("look", attachments=tuple(files))


async def fitted(limit: int, past: tuple[Turn, ...], asked: Message, **more: Any) -> Prepared:
    claim = a_claim(snowflake(100), history=past, messages=(asked,))
    step = FileAvailability(cast("Any", Store(inline=LARGE)), limit)
    return await step(claim, Prepared((asked,), **more))


async def test_the_oldest_inline_files_are_left_out_of_a_request_that_they_would_make_too_large() -> None:
    past = (said(1, "b1"), said(2, "b2"), said(3, "b3", "b1"))
    assert not (await fitted(160, past, asking("b4"))).gone
    prepared = await fitted(100, past, asking("b4"))
    assert prepared.gone == {picture("b1").source, picture("b2").source}
    assert prepared.messages == (asking("b4"),)
    (notice,) = prepared.notices
    assert "oldest files" in notice
    assert not (await fitted(100, past, message("and now?"))).notices


async def test_files_of_one_message_that_are_too_large_together_are_named_and_left_out() -> None:
    prepared = await fitted(100, (), asking("b1", "b2", "b3"))
    kept = [bool(each.blocks) for each in prepared.messages[0].attachments]
    assert kept == [True, True, False]
    assert prepared.messages[0].attachments[2].remark == TOO_MUCH
    (notice,) = prepared.notices
    assert "`b3.png`" in notice
    assert not prepared.gone


async def test_a_reply_that_goes_on_keeps_the_files_of_its_messages() -> None:
    so_far = said(4, "b1", "b2", "b3").sent
    prepared = await fitted(100, (said(1, "b4"),), message("look"), so_far=so_far)
    assert prepared.so_far == so_far
    assert prepared.gone == {picture("b4").source}
