"""When the thread of a turn is started, and under which name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation import reply_wording, wording
from bot.conversation.errors import ClaudeUnreachable, DiscordNotNow
from bot.conversation.message import Message
from bot.conversation.request import Finished, Request, Started, TextDelta, Usage
from bot.conversation.title import TITLE_REQUEST
from bot.render.pace import Pace
from bot.store.turn_control import RegenerateResult
from bot.turns.thread_opening import TITLE_PATIENCE_S, ThreadOpening
from tests.render.fake_outbox import FakeOutbox
from tests.render.virtual_time import run
from tests.store.claims import a_claim, changed
from tests.turns.stage import CHANNEL, A, B, Bench, FakeClaude

TITLE = "<thread_title>How looms work</thread_title>\n"
OPENS = replace(A, text="how do looms work?", opens="how do looms work?", asks_title=True)


class Titling(FakeClaude):
    """Replies in these deltas, and keeps the requests; an error among the deltas is raised."""

    pause_s = 0.0

    def __init__(self, *deltas: str | ClaudeUnreachable) -> None:
        super().__init__()
        self.deltas = deltas
        self.requests: list[Request] = []

    async def stream(
        self, request: Request, _caller: object = None
    ) -> AsyncIterator[Started | TextDelta | Finished]:
        self.requests.append(request)
        self.asked.set()
        for delta in self.deltas:
            if isinstance(delta, ClaudeUnreachable):
                raise delta
            yield TextDelta(delta)
        if self.silent is not None:
            await self.silent.wait()
        yield Finished("end_turn", Usage(), "claude-test", "r", "m")


def say(bench: Bench, *deltas: str | ClaudeUnreachable) -> Titling:
    """Have Claude reply in these deltas."""
    claude = Titling(*deltas)
    bench.services.generator._claude = claude  # type: ignore[assignment]
    return claude


async def mention(bench: Bench, message: Message = OPENS) -> None:
    channel_fields = {"guild": 1, "parent": CHANNEL}
    await bench.conversations.receive(message.id, message, source="event", channel_fields=channel_fields)


def names(bench: Bench) -> list[str]:
    """The names of the threads that were started."""
    return [done.content for done in bench.outbox.seen("open_thread")]


def written(bench: Bench) -> str:
    """Everything that Discord was sent as a message or an edit."""
    return " ".join(done.content for done in bench.outbox.calls if done.what in ("send", "edit"))


async def test_the_first_line_of_a_reply_names_the_thread_and_is_neither_shown_nor_stored(
    bench: Bench,
) -> None:
    claude = say(bench, "<thread", "_title>How looms", " work</thread_title>", "\n", "Looms ", "weave.")
    await mention(bench)
    await bench.turn(A.id)
    assert names(bench) == ["How looms work"]
    assert bench.outbox.texts() == ["Looms weave."]
    assert "thread_title" not in written(bench)
    await bench.conversations.receive(A.id, B, source="event", channel_fields={})
    claim = await bench.claim(A.id)
    (entry,) = claim.history
    assert entry.reply == "Looms weave."
    assert entry.question == claude.requests[0].messages[-1]
    assert entry.question.blocks[-1] == TITLE_REQUEST


async def test_a_later_turn_asks_for_no_title_and_a_title_that_comes_all_the_same_is_taken_off(
    bench: Bench,
) -> None:
    claude = say(bench, TITLE, "Looms weave.")
    await mention(bench)
    await bench.turn(A.id)
    claude.deltas = (TITLE, "So.")
    await bench.conversations.receive(A.id, B, source="event", channel_fields={})
    await bench.turn(A.id)
    first, second = claude.requests
    assert second.messages[0] == first.messages[0]
    assert TITLE_REQUEST not in second.messages[-1].blocks
    assert bench.outbox.texts()[-1] == "So."
    assert names(bench) == ["How looms work"]


@pytest.mark.parametrize("text", ["Looms weave.", "<thread is a tag", "<"])
async def test_without_a_title_the_words_of_the_message_name_the_thread(bench: Bench, text: str) -> None:
    say(bench, *text)
    await mention(bench)
    await bench.turn(A.id)
    assert names(bench) == ["how do looms work?"]
    assert bench.outbox.texts() == [text]


async def test_text_that_is_no_title_starts_the_thread_before_the_reply_ends(bench: Bench) -> None:
    claude = say(bench, "Looms ")
    claude.silent = asyncio.Event()
    opened = asyncio.Event()
    bench.outbox.on_call = lambda done: opened.set() if done.what == "open_thread" else None
    await mention(bench)
    running = asyncio.create_task(bench.turn(A.id))
    async with asyncio.timeout(TITLE_PATIENCE_S / 2):
        await opened.wait()
    claude.silent.set()
    await running


@pytest.mark.parametrize("title", ["<thread_ti", "<thread_title>How lo", TITLE])
async def test_of_a_reply_that_breaks_off_within_or_after_its_title_nothing_is_shown(
    bench: Bench, title: str
) -> None:
    say(bench, title, ClaudeUnreachable("broken off", sent=True))
    await mention(bench)
    await bench.turn(A.id)
    (shown,) = bench.outbox.texts()
    assert shown.startswith(wording.SMALL)
    assert "thread_ti" not in written(bench)
    assert names(bench) == ["How looms work" if title == TITLE else "how do looms work?"]


async def test_a_title_without_a_reply_is_an_empty_reply(bench: Bench) -> None:
    say(bench, TITLE)
    await mention(bench)
    await bench.turn(A.id)
    assert bench.outbox.texts() == [wording.small(reply_wording.EMPTY_REPLY)]
    assert names(bench) == ["How looms work"]


@pytest.mark.parametrize("title", ["<thread_title>How lo", TITLE])
async def test_a_reply_that_is_stopped_at_its_title_shows_nothing_of_the_title(
    bench: Bench, title: str
) -> None:
    claude = say(bench, title)
    claude.silent = asyncio.Event()
    await mention(bench)
    running = asyncio.create_task(bench.turn(A.id))
    await claude.asked.wait()
    await bench.control.stop(A.id)
    async with asyncio.timeout(10):
        await running
    (shown,) = bench.outbox.texts()
    assert shown == wording.small(reply_wording.STOPPED_EARLY)
    assert "thread_ti" not in written(bench)
    assert len(names(bench)) == 1


async def test_a_title_may_not_tell_what_the_message_hides(bench: Bench) -> None:
    say(bench, "<thread_title>Why the butler did it</thread_title>\n", "He did.")
    await mention(bench, replace(OPENS, text="why was it ||the butler||?", opens="why was it ?"))
    await bench.turn(A.id)
    assert names(bench) == ["why was it ?"]
    assert bench.outbox.texts() == ["He did."]


async def test_a_title_that_says_nothing_gives_way_to_the_words_of_the_message(bench: Bench) -> None:
    say(bench, "<thread_title>||all||</thread_title>\n", "Looms weave.")
    await mention(bench)
    await bench.turn(A.id)
    assert names(bench) == ["how do looms work?"]


async def test_a_regenerated_first_turn_is_asked_the_same_and_its_title_is_dropped(bench: Bench) -> None:
    claude = say(bench, TITLE, "Looms weave.")
    await mention(bench)
    done = await bench.turn(A.id)
    claude.deltas = ("<thread_title>Another</thread_title>\n", "Looms weave cloth.")
    assert await bench.control.regenerate(A.id, done.turn_id, "w") is RegenerateResult.OK
    await bench.turn(A.id)
    first, second = claude.requests
    assert second.messages == first.messages
    assert bench.outbox.texts() == ["Looms weave cloth."]
    assert set(names(bench)) == {"How looms work"}


async def test_what_follows_a_failed_first_turn_has_its_title_taken_off_too(bench: Bench) -> None:
    claude = say(bench, ClaudeUnreachable("away", sent=False))
    await mention(bench)
    await bench.turn(A.id)
    assert names(bench) == ["how do looms work?"]
    claude.deltas = (TITLE, "Looms weave.")
    await bench.conversations.receive(A.id, B, source="event", channel_fields={})
    await bench.turn(A.id)
    assert TITLE_REQUEST in claude.requests[-1].messages[-1].blocks
    assert bench.outbox.texts()[-1] == "Looms weave."
    assert len(names(bench)) == 1


CLAIM = changed(a_claim(A.id, messages=(OPENS,)))


def opening(outbox: FakeOutbox, message: Message = OPENS, **changes: Any) -> ThreadOpening:
    """The opening of a thread that waits for a title, if the message asks for one."""
    claim = changed(CLAIM, messages=(message,), **changes)
    claim = replace(claim, meta=replace(claim.meta, parent=CHANNEL))
    thread = ThreadOpening(outbox, claim, Pace(), lambda: True)
    thread.expect_title()
    return thread


def opened(main: Coroutine[Any, Any, None], outbox: FakeOutbox) -> list[tuple[float, str]]:
    """When threads are started, and their names."""
    run(main)
    return [(done.at, done.content) for done in outbox.seen("open_thread")]


def test_a_title_that_comes_too_late_is_not_waited_for_and_never_used() -> None:
    outbox = FakeOutbox(round_trip_s=0.0)

    async def main() -> None:
        thread = opening(outbox)
        await thread.wait()
        thread.settle_title("How looms work")
        await thread.wait()

    assert opened(main(), outbox) == [(TITLE_PATIENCE_S, "how do looms work?")]
    assert [done.channel_id for done in outbox.seen("typing")] == [CHANNEL]


def test_the_first_title_counts_and_starts_the_thread_at_once() -> None:
    outbox = FakeOutbox(round_trip_s=0.0)

    async def main() -> None:
        thread = opening(outbox)
        asyncio.get_running_loop().call_later(1.0, thread.settle_title, "How looms work")
        asyncio.get_running_loop().call_later(1.0, thread.settle_title, "Another")
        await asyncio.gather(thread.wait(), thread.wait())

    assert opened(main(), outbox) == [(1.0, "How looms work")]


@pytest.mark.parametrize(
    ("message", "changes"), [(replace(OPENS, asks_title=False), {}), (OPENS, {"regeneration": 1})]
)
def test_a_thread_that_needs_no_title_waits_for_none(message: Message, changes: dict[str, int]) -> None:
    outbox = FakeOutbox(round_trip_s=0.0)

    async def main() -> None:
        await opening(outbox, message, **changes).wait()

    assert opened(main(), outbox) == [(0.0, "how do looms work?")]
    assert not outbox.seen("typing")


def test_a_thread_that_discord_delays_keeps_its_title() -> None:
    outbox = FakeOutbox(round_trip_s=0.0)
    outbox.refuses_threads = DiscordNotNow(1.0)

    async def main() -> None:
        thread = opening(outbox)
        thread.settle_title("How looms work")
        with pytest.raises(DiscordNotNow):
            await thread.wait()
        outbox.refuses_threads = None
        await thread.wait()

    assert [name for _, name in opened(main(), outbox)] == ["How looms work"] * 2
