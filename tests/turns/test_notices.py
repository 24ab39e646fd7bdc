"""The notices below a reply and in place of a reply."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation import wording
from bot.conversation.errors import DiscordForbidden, DiscordGone
from bot.conversation.reply_wording import NO_FILES
from bot.conversation.wording import SMALL, named_file
from bot.files.result import Problem
from bot.render.outbox import fits
from bot.store.claim import Meta, UnreadableConversation
from bot.store.keys import Keys
from bot.turns.file_notices import PROBLEMS
from bot.turns.notices import bounded_lines, lines, post_missing_permission, put_below
from tests.store.claims import changed
from tests.turns.stage import ANSWER, CHANNEL, CODE, A, B, Bench, C, hear


@pytest.mark.parametrize("broken", ["payload", "history"])
async def test_what_another_version_wrote_is_told_of_once_and_goes_with_a_reset(
    bench: Bench, redis_url: str, broken: str
) -> None:
    redis: Redis = Redis.from_url(redis_url, decode_responses=True)
    keys = Keys("test")
    await hear(bench, A)
    if broken == "history":
        await redis.rpush(keys.history(C), '{"secret": "from the future"}')
    else:
        await redis.hset(keys.record(C, A.id), "payload", '{"secret": "from the future"}')
    for _ in range(3):
        claim = await bench.journal.claim(C, "me")
        assert isinstance(claim, UnreadableConversation)
        await bench.runner.post_unreadable(claim)
        await bench.journal.release(claim, blameless=True)
    (told,) = bench.outbox.texts()
    assert "/reset" in told
    await bench.conversations.reset(C, before=A.id)
    await hear(bench, B)
    await bench.turn()
    assert bench.outbox.texts()[-1] == ANSWER
    await redis.aclose()


async def test_a_reply_whose_files_are_refused_says_so_below_it(bench: Bench) -> None:
    await hear(bench, A)
    bench.claude.answer = CODE
    bench.outbox.refuses_files = DiscordForbidden("Attach Files")
    await bench.turn()
    assert bench.outbox.texts() == [CODE, SMALL + NO_FILES]


async def test_the_notices_of_a_regeneration_take_the_place_of_those_before(bench: Bench) -> None:
    claim = await bench.begun(ANSWER)
    await put_below(claim, ("One.", "Two."), bench.services)
    assert bench.outbox.texts()[1:] == [f"{SMALL}One.\n{SMALL}Two."]
    (notice,) = bench.outbox.silent
    again = changed(claim, notice=(0, notice), regeneration=1)
    await put_below(again, ("Three.",), bench.services)
    assert bench.outbox.texts()[1:] == [f"{SMALL}Three."]


async def test_notices_are_posted_once_however_often_an_attempt_is_repeated(bench: Bench) -> None:
    claim = await bench.begun(ANSWER)
    await put_below(claim, ("One.",), bench.services)
    (notice,) = bench.outbox.silent
    await put_below(changed(claim, notice=(0, notice)), ("One.",), bench.services)
    assert bench.outbox.texts()[1:] == [f"{SMALL}One."]


@pytest.mark.parametrize(
    ("failures", "channel", "words"),
    [
        ([], C, "here"),
        ([DiscordForbidden("Send Messages in Threads")], CHANNEL, f"in <#{C}>"),
    ],
    ids=["in the thread", "in the channel"],
)
async def test_why_there_is_no_answer_is_said_in_the_thread_or_else_in_its_channel(
    bench: Bench, failures: list[Exception], channel: int, words: str
) -> None:
    claim = changed(await bench.begun(), meta=Meta(parent=CHANNEL))
    bench.outbox.failures.extend(failures)
    await post_missing_permission(claim, "Send Messages in Threads", bench.services)
    (done,) = bench.outbox.seen("send")
    assert done.channel_id == channel
    assert words in done.content
    assert "Send Messages in Threads" in done.content


async def test_where_nothing_can_be_posted_no_notice_is_posted(bench: Bench) -> None:
    claim = changed(await bench.begun(), meta=Meta(parent=CHANNEL))
    bench.outbox.failures.extend([DiscordForbidden("x"), DiscordGone()])
    await post_missing_permission(claim, "", bench.services)
    assert bench.outbox.texts() == []


def test_notices_that_fit_are_all_shown() -> None:
    assert bounded_lines(["one", "two"]) == lines(["one", "two"]) == "-# one\n-# two"


@pytest.mark.parametrize("count", [30, 41])
@pytest.mark.parametrize("name", ["\U0001f9f6" * 50, "x" * 1_024], ids=["wide", "long"])
def test_notices_that_do_not_fit_into_a_message_are_counted(count: int, name: str) -> None:
    notices = [f"I could not read {named_file(name)}: {number}" + "x" * 90 for number in range(count)]
    *shown, last = bounded_lines(notices).split("\n")
    assert shown == [wording.small(notice) for notice in notices[: len(shown)]]
    assert last == wording.small(wording.more_notices(count - len(shown)))
    assert fits(bounded_lines(notices))
    assert not fits("\n".join([*shown, wording.small(notices[len(shown)]), last]))


def test_the_notices_of_ten_files_fit_into_a_message_however_long_their_names_are() -> None:
    named = [named_file(f"{number}{'x' * 1_024}") for number in range(10)]
    for problem in Problem:
        notices = [f"I could not read {name}: {PROBLEMS[problem][1]}." for name in named]
        assert fits(bounded_lines(notices))
    ordinary = [f"I could not read {name}: {PROBLEMS[Problem.UNSUPPORTED][1]}." for name in named]
    assert bounded_lines(ordinary) == lines(ordinary)
