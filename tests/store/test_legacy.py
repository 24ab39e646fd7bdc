"""Entries that earlier versions wrote are read as the messages they stood for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.claude.wire import stream_arguments
from bot.conversation.compose import Plan, Terms, compose
from bot.conversation.errors import Unreadable
from bot.conversation.message import Attachment, Author, Message, written_at
from bot.conversation.past import Past
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import Parameters, PromptMessage, Request, Usage
from bot.conversation.side_requests import to_summarize
from bot.conversation.tokens import PRIOR
from bot.conversation.trimming import marks
from bot.conversation.turn import Turn
from bot.store.codec import dump_turn, load_turn
from bot.store.held_files import HeldFiles
from bot.store.keys import Keys
from bot.store.legacy import TextTurn
from tests.conversation.builders import snowflake

STORED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures" / "before_content_blocks.json").read_text(encoding="utf-8")
)
"""A conversation as the version before content blocks stored it, and its next requests as that version sent them."""

TERMS = Terms(
    parameters=Parameters("claude-sonnet-5-5", 4096, "low"),
    system=("Be a weaver.",),
    user_key="u",
    trimming=marks(100_000, 0.5, pinned_share=0.2),
)
ANN, BEN = Author(1, "ann", "Ann"), Author(2, "ben", "Ben <b>")
NEW = Message(snowflake(90), BEN, "And what now?", (Attachment(7, "loom.png", "image/png", 900),))
LONG = Message(snowflake(30), ANN, "Tell me a long story")


def history() -> tuple[Turn, ...]:
    return tuple(load_turn(entry) for entry in STORED["entries"])


def plan(past: Past, message: Message, so_far: tuple[PromptMessage, ...] = ()) -> Plan:
    return compose(TERMS, past, [message], now_ms=STORED["now_ms"], so_far=so_far)


def sent(request: Request) -> str:
    return json.dumps(stream_arguments(request), ensure_ascii=False, separators=(",", ":"))


def test_the_next_request_of_a_stored_conversation_is_unchanged() -> None:
    past = Past(history(), 2)
    found = plan(past, NEW)
    # A new message says when it was written, and names its files in elements, which that version did not.
    when = rf" at=\"{written_at(NEW.id)}\""
    attached = r"<attachment name=\"loom.png\" type=\"image/png\" shown=\"no\"/>"
    then = "[attached, not shown to you: loom.png (image/png)]"
    assert sent(found.request).replace(when, "", 1).replace(attached, then) == STORED["next"]
    unsaid = PRIOR.of(f' at="{written_at(NEW.id)}"')
    assert [found.total_tokens, found.added_tokens, found.window.tokens] == pytest.approx(
        [tokens + unsaid for tokens in STORED["next_tokens"]], abs=8
    )
    assert sent(to_summarize(TERMS, found, past, STORED["now_ms"])) == STORED["summary"]


def test_a_stored_reply_is_continued_with_the_same_request() -> None:
    *before, own = history()[:3]
    past = Past(tuple(before), 2, earlier=own)
    assert sent(plan(past, LONG, (*own.sent, CONTINUE)).request) == STORED["continued"]


def test_what_is_read_and_written_again_is_read_as_the_same() -> None:
    for turn in history():
        assert load_turn(dump_turn(turn)) == turn


@pytest.mark.parametrize("version", [1, 3, "2"])
def test_an_entry_of_another_version_of_the_schema_is_refused(version: object) -> None:
    entry = {**json.loads(dump_turn(history()[0])), "version": version}
    for text in (entry, {**entry, **json.loads(STORED["entries"][0])}):
        with pytest.raises(Unreadable):
            load_turn(json.dumps(text))


WHOLE = TextTurn(1, "question", "answer", "answered", "m", 10, 10, Usage(), 0, "key")


def parts(reply: str, *seams: int) -> tuple[str, ...]:
    return replace(WHOLE, reply=reply, seams=seams).turn().reply_parts


def test_a_blank_reply_of_an_older_version_counts_as_none() -> None:
    turn = replace(WHOLE, reply="\u200b\ufeff", seams=(1,), open_end=True).turn()
    assert (turn.outcome, turn.reply, turn.reply_tokens, turn.open_end) == ("failed", "", 0, False)
    assert len(turn.sent) == 1


def test_a_blank_part_belongs_to_its_neighbour() -> None:
    assert parts("one\u200b\u200btwo", 3, 5) == ("one", "\u200b\u200btwo")
    assert parts("\u200bone two", 1, 4) == ("\u200bone", " two")
    assert parts("one\u200b\u200b", 3, 4) == ("one\u200b\u200b",)
    assert parts("one two", 4) == ("one ", "two")


def test_an_entry_from_before_costs_were_kept_is_read() -> None:
    entry = json.loads(STORED["entries"][0])
    del entry["cost"]
    for name in ("web_searches", "service_tier", "inference_geo"):
        del entry["usage"][name]
    whole = history()[0]
    assert load_turn(json.dumps(entry)) == replace(
        whole, cost=None, usage=replace(whole.usage, service_tier="")
    )


async def test_the_files_of_an_entry_from_before_uploads_were_stored_are_sent_as_they_were(
    redis: Redis,
) -> None:
    text = (Path(__file__).parent / "fixtures" / "files_by_earlier_version.json").read_text(encoding="utf-8")
    entry = load_turn(text)
    assert load_turn(dump_turn(entry)) == entry
    past = Past((entry,), 0)
    held = HeldFiles(redis, Keys("bobbin"), ttl_s=60, upload_s=60, inline_bytes=1000)
    assert not (await held.held(1, past.sources)).gone
    first = cast("Any", stream_arguments(plan(past, NEW).request))["messages"][0]
    assert [block.get("source") for block in first["content"]] == [
        None,
        {"type": "file", "file_id": "file_011"},
        {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
    ]
