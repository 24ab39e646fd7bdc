"""A turn whose earlier answer the store has forgotten: with a real Redis, a Discord and a Claude in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.claude.client import Claude
from bot.conversation import wording
from bot.conversation.compose import compose
from bot.conversation.elements import file_element
from bot.conversation.errors import (
    AnsweredBefore,
    BobbinError,
    ClaudeBusy,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    DiscordTooOld,
    Fenced,
    Stopped,
)
from bot.conversation.message import DISCORD_EPOCH_MS, Attachment
from bot.conversation.pricing import MTOK, Prices
from bot.conversation.prompt import PREAMBLE
from bot.conversation.request import Finished, Request, Started, TextDelta, Usage
from bot.conversation.tokens import PRIOR
from bot.conversation.trimming import TrimPolicy
from bot.conversation.wording import NO_FILES, SMALL
from bot.render.controls import NONE
from bot.render.pace import Pace
from bot.render.style import Style
from bot.render.upload import Attached
from bot.store.claim import Claim, Later, UnreadableConversation
from bot.store.codec import Result, load_turn
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.store.revisions import Revisions
from bot.store.scoped_overrides import ScopedOverrides
from bot.store.states import State
from bot.store.turn_control import RegenerateResult, TurnControl
from bot.turns.policy import TurnPolicy
from bot.turns.prepare import Prepared, prepare
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.run import Runner
from bot.turns.services import TurnServices
from bot.turns.terms import terms_of
from bot.turns.turn_cost import TurnCost
from tests.conversation.builders import message, snowflake
from tests.patience import idle_timeout
from tests.render.fake_outbox import FakeOutbox
from tests.store.claims import changed

NOW = int(time.time() - DISCORD_EPOCH_MS / 1000) + 3600
"""Ahead of the clock, so that nothing is old by the time the test is run."""
C = snowflake(NOW - 20)
A, B = message("first", number=NOW - 10), message("second", number=NOW - 9)
EARLIER = snowflake(NOW - 8)
ANSWER = "An answer to what is known."
POLICY = TurnPolicy(
    model="claude-test",
    effort=None,
    max_tokens=100,
    system="Be kind.",
    trimming=TrimPolicy(high_tokens=PRIOR.of(PREAMBLE) + 580, low_tokens=PRIOR.of(PREAMBLE) + 80),
    tries=5,
    lease_s=5.0,
    heartbeat_s=1.0,
    secret=b"secret",
)


class FakeClaude:
    """Says the same to everybody, in its own time, or is overloaded."""

    busy = False
    answer = ANSWER
    silent: asyncio.Event | None = None
    more = ""
    read: Usage | None = None
    pause_s = 0.2  # so that the first post is made before the end

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.ended = asyncio.Event()

    async def stream(self, _request: Request) -> AsyncIterator[Started | TextDelta | Finished]:
        self.asked.set()
        try:
            if self.busy:
                raise ClaudeBusy
            if self.read is not None:
                yield Started(self.read)
            if self.silent is not None:
                await self.silent.wait()
            yield TextDelta(self.answer)
            await asyncio.sleep(self.pause_s)
            yield TextDelta(self.more)
            yield Finished("end_turn", Usage(), "claude-test", "r", "m")
        finally:
            self.ended.set()


class WatchedJournal(Journal):
    """Tells when it was asked, and has answered, whether more waits."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.looked = asyncio.Event()

    async def has_more(self, claim: Claim) -> bool:
        found = await super().has_more(claim)
        self.looked.set()
        return found


@dataclass
class Bench:
    """One worker, and what it works on."""

    conversations: Conversations
    journal: Journal
    runner: Runner
    outbox: FakeOutbox
    claude: FakeClaude
    revisions: Revisions
    control: TurnControl
    redis: Redis
    services: TurnServices

    async def claim(self, conversation: int = C) -> Claim:
        """Take the next turn."""
        claim = await self.journal.claim(conversation, "me")
        assert isinstance(claim, Claim)
        return claim

    async def begun(self, *shown: str | None) -> Claim:
        """Take A with a reply that is posted already; None is a part that is deleted, which the store has missed."""
        await hear(self, A)
        claim = await self.claim()
        for part, text in enumerate(shown):
            await self.journal.intend(claim, part, 0)
            await self.journal.posted(claim, part, EARLIER + part)
            if text is not None:
                self.outbox.messages[EARLIER + part] = text
        self.outbox.replies_to[EARLIER] = A.id
        self.outbox.next_id = EARLIER + len(shown) - 1
        return claim

    async def turn(self, conversation: int = C) -> Claim:
        """Do the next turn."""
        claim = await self.claim(conversation)
        try:
            await self.runner.run(claim, asyncio.Event())
        finally:
            await self.journal.release(claim, blameless=False)
        return claim

    def answered_before(self, text: str, reply_to: int) -> None:
        """Let Discord show an answer of which the store knows nothing."""
        self.outbox.messages[EARLIER] = text
        self.outbox.nonces[f"{A.id}-0"] = EARLIER
        self.outbox.replies_to[EARLIER] = reply_to

    async def history(self) -> list[str]:
        """The replies that are kept."""
        claim = await self.journal.claim(C, "me")
        return [turn.reply for turn in claim.history] if isinstance(claim, Claim) else []


@pytest.fixture
async def bench(redis_url: str) -> AsyncIterator[Bench]:
    redis: Redis = Redis.from_url(redis_url, decode_responses=True)
    await redis.flushall()
    keys, outbox, claude = Keys("test"), FakeOutbox(round_trip_s=0.0, next_id=EARLIER), FakeClaude()
    journal = Journal(redis, keys, ttl_s=1000, lease_s=5.0, reconcile_s=0.0)
    means = TurnServices(
        journal=journal,
        overrides=ScopedOverrides(redis, keys, ttl_s=1000),
        generator=ReplyGenerator(cast("Claude", claude)),
        outbox=outbox,
        pace=Pace(),
        policy=POLICY,
        resolve_policy=lambda _: POLICY,
        style=Style(code_file_lines=2),
    )
    conversations = Conversations(redis, keys, ttl_s=1000)
    revisions = Revisions(redis, keys, ttl_s=1000)
    control = TurnControl(redis, keys, ttl_s=1000)
    yield Bench(conversations, journal, Runner(means), outbox, claude, revisions, control, redis, means)
    await redis.aclose()


async def hear(bench: Bench, *messages: object) -> None:
    for one in messages:
        await bench.conversations.receive(C, one, source="event", channel_fields={"guild": 1})  # type: ignore[arg-type]


async def test_an_answer_to_more_than_is_known_is_waited_for_and_then_adopted(bench: Bench) -> None:
    bench.answered_before("An answer to both.", reply_to=B.id)
    await hear(bench, A)
    with pytest.raises(AnsweredBefore):
        await bench.turn()  # the nonce tells
    with pytest.raises(AnsweredBefore):
        await bench.turn()  # a look tells, before Claude is asked again
    await hear(bench, B)
    done = await bench.turn()
    assert done.batch.members == (A.id, B.id)
    assert bench.outbox.texts() == ["An answer to both."]


async def test_an_answer_to_less_than_is_asked_is_adopted_and_the_rest_waits(bench: Bench) -> None:
    bench.answered_before("An answer to the first.", reply_to=A.id)
    await hear(bench, A, B)
    with pytest.raises(AnsweredBefore):
        await bench.turn()
    await bench.turn()
    await bench.turn()
    assert bench.outbox.texts() == ["An answer to the first.", ANSWER]


async def test_what_is_committed_takes_the_place_of_a_forgotten_answer_to_a_part_of_it(bench: Bench) -> None:
    bench.answered_before("An answer to the first.", reply_to=A.id)
    bench.claude.busy = True  # so that nothing is posted before the commit
    await hear(bench, A, B)
    await bench.turn()
    (shown,) = bench.outbox.texts()
    assert shown.startswith(SMALL)
    assert bench.outbox.replies_to[max(bench.outbox.messages)] == B.id


async def test_what_is_committed_leaves_a_forgotten_answer_to_more_for_the_others(bench: Bench) -> None:
    bench.answered_before("An answer to both.", reply_to=B.id)
    bench.claude.busy = True
    await hear(bench, A)
    await bench.turn()
    assert bench.outbox.messages[EARLIER] == "An answer to both."
    assert bench.outbox.replies_to[max(bench.outbox.messages)] == A.id


async def test_what_continues_a_reply_behind_a_newer_one_points_to_its_beginning(bench: Bench) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=False)  # so that the next try looks
    bench.answered_before("An answer that ▌", reply_to=A.id)
    bench.outbox.messages[EARLIER + 1] = "A newer one."
    bench.outbox.replies_to[EARLIER + 1] = B.id
    bench.outbox.next_id = EARLIER + 1
    bench.claude.answer = "Words and words. " * 180
    await bench.turn()
    points_to = [bench.outbox.replies_to.get(message) for message in sorted(bench.outbox.messages)]
    assert points_to == [A.id, B.id, EARLIER]
    shown = bench.outbox.texts()
    assert shown[1] == "A newer one."
    assert "▌" not in "".join(shown)


async def test_a_post_by_a_try_that_was_not_counted_is_found_without_its_nonce(bench: Bench) -> None:
    await hear(bench, A)
    posted = asyncio.Event()
    bench.outbox.on_call = lambda done: posted.set() if done.what == "send" else None
    bench.outbox.round_trip_s = 0.2
    claim = await bench.claim()
    running = asyncio.create_task(bench.runner.run(claim, asyncio.Event()))
    await posted.wait()
    running.cancel()
    await asyncio.wait([running])
    await bench.journal.release(claim, blameless=True)
    bench.outbox.nonces.clear()  # as after some minutes
    bench.outbox.round_trip_s = 0.0
    again = await bench.turn()
    assert again.attempt.number == 1
    assert bench.outbox.texts() == [ANSWER]


async def test_a_late_edit_is_put_right_although_a_longer_try_had_parts_that_are_deleted(
    bench: Bench,
) -> None:
    claim = await bench.begun("A late edit ▌", None)
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.acknowledge(claim, reconcile=True)
    settling = await bench.claim()
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [ANSWER]


async def test_a_part_that_the_bot_itself_has_deleted_does_not_cancel_the_turn(bench: Bench) -> None:
    claim = await bench.begun("An earlier try ▌", None)
    await bench.journal.release(claim, blameless=False)
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert [done.message_id for done in bench.outbox.calls if done.message_id == EARLIER + 1] == []


@pytest.mark.parametrize("gone", [None, DiscordGone("code 10008")], ids=["never posted", "deleted since"])
async def test_a_part_of_a_longer_try_can_land_no_more_and_does_not_cancel_what_is_committed(
    bench: Bench, gone: DiscordGone | None
) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    for part in (0, 1):
        await bench.journal.intend(claim, part, 0)  # whether either was posted is not known
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.release(claim, blameless=False)
    bench.outbox.failures.extend([None, gone])
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert not bench.outbox.failures
    assert (f"{A.id}-1" in bench.outbox.nonces) == (gone is None)
    settling = await bench.claim()
    assert settling.attempt.state is State.DONE


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


async def test_what_joined_and_was_forgotten_by_the_store_is_not_answered_twice(bench: Bench) -> None:
    await hear(bench, A)
    early = await bench.claim()
    grown = changed(early, members=(A.id, B.id), messages=(A, B))  # it went back to before the join
    with pytest.raises(Fenced):
        await bench.journal.commit(grown, None, Result(ANSWER), window_start=0)
    await bench.journal.release(early, blameless=False)
    bench.answered_before(ANSWER, reply_to=B.id)
    await hear(bench, B)
    done = await bench.turn()
    assert done.batch.members == (A.id, B.id)
    assert bench.outbox.texts() == [ANSWER]


CHANNEL = snowflake(NOW - 30)
CODE = "```python\na = 1\nb = 2\nc = 3\n```"


async def hear_mention(bench: Bench) -> asyncio.Task[Claim]:
    """Have somebody mention the bot in a channel, and a turn begun in the thread that is to be opened from it."""
    starter = replace(A, opens="A thread")
    channel_fields = {"guild": 1, "parent": CHANNEL}
    await bench.conversations.receive(A.id, starter, source="event", channel_fields=channel_fields)
    return asyncio.create_task(bench.turn(A.id))


async def test_claude_is_asked_before_the_thread_is_open_and_nothing_is_posted_before(bench: Bench) -> None:
    bench.outbox.opening = asyncio.Event()
    running = await hear_mention(bench)
    await bench.claude.ended.wait()
    assert [done.what for done in bench.outbox.calls] == ["open_thread"]
    bench.outbox.opening.set()
    await running
    assert bench.outbox.texts() == [ANSWER]
    assert len(bench.outbox.seen("open_thread")) == 1


async def test_a_thread_that_cannot_be_opened_ends_the_request_and_is_told_of(bench: Bench) -> None:
    bench.claude.pause_s = 1000.0
    bench.outbox.opening = asyncio.Event()
    bench.outbox.refuses_threads = DiscordForbidden("Create Public Threads")
    running = await hear_mention(bench)
    await bench.claude.asked.wait()
    bench.outbox.opening.set()
    await running
    assert bench.claude.ended.is_set()
    (told,) = bench.outbox.texts()
    assert "Create Public Threads" in told
    assert not isinstance(await bench.journal.claim(A.id, "me"), Claim)


async def test_a_thread_is_opened_for_what_was_committed_before_it_was_there(bench: Bench) -> None:
    running = await hear_mention(bench)
    await running
    bench.outbox.calls.clear()
    bench.outbox.messages.clear()
    other = replace(message("other", number=NOW - 7), opens="Another")
    await bench.conversations.receive(other.id, other, source="event", channel_fields={"parent": CHANNEL})
    claim = await bench.claim(other.id)
    await bench.journal.commit(claim, None, Result("", ("Claude is away.",)), window_start=0)
    await bench.journal.release(claim, blameless=False)
    await bench.turn(other.id)
    assert [done.what for done in bench.outbox.calls] == ["open_thread", "send"]


async def test_half_a_reply_that_may_not_be_finished_keeps_neither_mark_nor_button(bench: Bench) -> None:
    await hear(bench, A)
    bench.claude.more = " And more of it."
    # It is posted; then neither its edit is allowed nor, in the thread, a word about why.
    bench.outbox.failures.extend([None, DiscordForbidden("x"), DiscordForbidden("x")])
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert set(bench.outbox.controls.values()) == {NONE}


async def test_a_reply_whose_files_are_refused_says_so_below_it(bench: Bench) -> None:
    await hear(bench, A)
    bench.claude.answer = CODE
    bench.outbox.refuses_files = DiscordForbidden("Attach Files")
    await bench.turn()
    assert bench.outbox.texts() == [CODE, SMALL + NO_FILES]


async def test_a_reply_that_is_recovered_has_the_files_of_its_messages_in_the_history(bench: Bench) -> None:
    file = Attachment(3, "a.txt", "text/plain", 5)
    read = replace(file, blocks=(file_element("a.txt", "hello"),))

    async def reads(_: Claim, prepared: Prepared) -> Prepared:
        return replace(prepared, messages=(replace(A, attachments=(read,)),))

    claim = await bench.begun("An answer.")
    runner = Runner(replace(bench.services, preparation=(reads,)))
    await runner.run(changed(claim, number=2), asyncio.Event())
    entry = load_turn(str(await bench.redis.lindex(Keys("test").history(C), -1)))
    assert entry.reply == "An answer."
    assert entry.question.blocks[1:] == read.blocks


async def test_a_finished_reply_with_a_file_is_adopted_and_its_file_left_alone(bench: Bench) -> None:
    text = f"{CODE}\n{SMALL}All 80 lines are in the attached `code.py`."
    bench.answered_before(text, reply_to=A.id)
    file = Attached(7, "code.py", 800)
    bench.outbox.files[EARLIER] = (file,)
    await bench.conversations.receive(C, A, source="listing", channel_fields={"guild": 1})
    bench.claude.busy = True
    await bench.turn()
    settling = await bench.claim()
    assert settling.reconciling
    bench.outbox.messages[EARLIER] = "A late edit ▌"
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [text]
    assert bench.outbox.files[EARLIER] == (file,)


async def test_a_committed_text_that_was_read_from_discord_leaves_its_file_alone(bench: Bench) -> None:
    bench.answered_before("With a file.", reply_to=A.id)
    file = Attached(7, "reply.md", 800)
    bench.outbox.files[EARLIER] = (file,)
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.adopt(claim, [A.id], [EARLIER])
    await bench.journal.commit(claim, None, Result("With a file.", as_shown=True), window_start=0)
    await bench.journal.release(claim, blameless=False)
    await bench.turn()
    assert bench.outbox.texts() == ["With a file."]
    assert bench.outbox.files[EARLIER] == (file,)


async def test_a_message_that_is_heard_again_does_not_drop_a_call_that_is_under_way(bench: Bench) -> None:
    await hear(bench, A)
    arrivals = asyncio.Event()
    bench.outbox.round_trip_s = 0.1
    # Each post takes effect in mid-call; one that is dropped there is doubted, and settled later.
    bench.outbox.on_call = lambda done: arrivals.set() if done.what == "send" else None
    claim = await bench.claim()
    await bench.runner.run(claim, arrivals)
    assert bench.outbox.texts() == [ANSWER]
    assert bench.outbox.dropped == 0


async def test_a_post_that_lost_what_it_pointed_to_is_gone_on_with(bench: Bench) -> None:
    await hear(bench, A)
    bench.outbox.messages[EARLIER] = "Half of an answer"
    bench.outbox.nonces[f"{A.id}-0"] = EARLIER  # brought back by the nonce, and pointing to nothing
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]


async def test_a_turn_whose_messages_are_all_deleted_ends_in_a_thread_that_refuses(bench: Bench) -> None:
    claim = await bench.begun("Half ▌")
    bench.outbox.failures.append(DiscordRejected(50083))
    assert await bench.runner.run(changed(claim, messages=(), replies={0: EARLIER}), asyncio.Event()) == 0


async def test_a_late_reply_to_a_threads_first_message_stands_beneath_a_notice_that_is_posted_once(
    bench: Bench,
) -> None:
    channel_fields = {"guild": 1, "parent": CHANNEL}
    await bench.conversations.receive(A.id, B, source="event", channel_fields=channel_fields)
    await bench.turn(A.id)
    starter = replace(A, opens="A thread")
    await bench.conversations.receive(A.id, starter, source="listing", channel_fields=channel_fields)
    bench.claude.answer, bench.claude.pause_s = "", 1000.0  # it comes no further than the notice
    bench.claude.asked.clear()
    running = asyncio.create_task(bench.turn(A.id))
    await bench.claude.asked.wait()
    running.cancel()
    await asyncio.wait([running])
    bench.outbox.nonces.clear()  # as after some minutes
    bench.claude.answer, bench.claude.pause_s = ANSWER, 0.2
    await bench.turn(A.id)
    newer, notice, reply = sorted(bench.outbox.messages)
    points_to = [bench.outbox.replies_to[each] for each in (newer, notice, reply)]
    assert points_to == [B.id, None, notice]
    assert bench.outbox.messages[notice] == wording.small(wording.TO_THE_FIRST_MESSAGE)
    assert notice in bench.outbox.silent


async def anew(bench: Bench, answer: str = "The old answer.") -> Claim:
    """Have a turn answered, and wish that it is answered anew."""
    await hear(bench, A)
    bench.claude.answer = answer
    done = await bench.turn()
    bench.claude.answer = ANSWER
    assert await bench.control.regenerate(C, done.turn_id, "w") is RegenerateResult.OK
    return done


async def test_a_round_anew_that_is_set_aside_leaves_the_answer_before(bench: Bench) -> None:
    done = await anew(bench)
    await bench.redis.hset(Keys("test").record(C, done.turn_id), "tries", POLICY.tries)
    await bench.turn()
    shown = bench.outbox.texts()
    assert shown[0] == "The old answer."
    assert wording.EARLIER_STANDS in shown[1]
    await hear(bench, B)
    assert await bench.history() == ["The old answer."]


async def test_a_round_anew_that_discord_refuses_can_be_wished_for_again(bench: Bench) -> None:
    done = await anew(bench)
    bench.outbox.failures.append(DiscordForbidden("Send Messages in Threads"))
    await bench.turn()
    assert await bench.control.regenerate(C, done.turn_id, "w2") is RegenerateResult.OK
    bench.runner = Runner(replace(bench.services, pace=Pace()))  # as if the pause between edits were over
    await bench.turn()
    assert bench.outbox.messages[min(bench.outbox.messages)] == ANSWER


async def test_a_request_that_is_dropped_for_what_is_written_on_counts_as_of_unknown_cost(
    bench: Bench,
) -> None:
    await hear(bench, A)
    bench.outbox.round_trip_s = 0.5
    claim = await bench.claim()
    arrivals = asyncio.Event()
    bench.claude.silent = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(claim, arrivals))
    await bench.claude.asked.wait()
    await hear(bench, B)
    arrivals.set()
    bench.claude.asked.clear()
    await bench.claude.asked.wait()
    bench.claude.silent.set()
    await running
    meta = await bench.conversations.meta(C)
    assert meta is not None
    assert meta.unpriced == 2  # and the second one, as nobody knows the prices here


async def unpriced(bench: Bench) -> int:
    meta = await bench.conversations.meta(C)
    assert meta is not None
    return meta.unpriced


@pytest.mark.parametrize("failure", [DiscordForbidden("Send Messages in Threads"), DiscordGone()])
async def test_what_was_asked_for_in_vain_is_counted_when_discord_takes_no_reply(
    bench: Bench, failure: Exception
) -> None:
    await hear(bench, A)
    bench.outbox.failures.append(failure)
    bench.claude.pause_s = 60.0
    await bench.turn()
    assert await unpriced(bench) == 1


async def test_a_round_anew_that_discord_refuses_is_counted_once(bench: Bench) -> None:
    await anew(bench)
    assert await unpriced(bench) == 1  # nobody knows the prices here
    bench.outbox.failures.append(DiscordForbidden("Send Messages in Threads"))
    await bench.turn()
    assert await unpriced(bench) == 2


async def test_what_a_round_anew_has_read_is_remembered_though_the_answer_before_stands(
    bench: Bench,
) -> None:
    await anew(bench)
    bench.claude.silent, bench.claude.read = asyncio.Event(), Usage(cache_read=900)
    claim = await bench.claim()
    asked_after_ms = time.time() * 1000
    running = asyncio.create_task(bench.runner.run(claim, asyncio.Event()))
    await bench.claude.asked.wait()
    await bench.control.stop(C)
    await running
    await hear(bench, B)
    (turn,) = (await bench.claim()).history
    assert (turn.reply, turn.usage) == ("The old answer.", Usage(cache_read=900))
    assert turn.prefix_key
    assert turn.asked_ms > asked_after_ms - 1


async def test_a_turn_that_is_set_aside_counts_each_try_that_was_killed(bench: Bench) -> None:
    await hear(bench, A)
    for _ in range(POLICY.tries):
        await bench.claim()
        await bench.redis.hset(Keys("test").lease(C), "expires", "0")
    await bench.turn()
    assert await unpriced(bench) == POLICY.tries


async def test_an_attempt_that_has_recorded_its_cost_is_not_counted_as_unknown_by_the_next(
    bench: Bench,
) -> None:
    policy = replace(POLICY, prices=Prices(input=MTOK, write_5m=0, write_1h=0, read=0, output=0))
    bench.runner = Runner(replace(bench.services, resolve_policy=lambda _: policy))
    await hear(bench, A)
    broken_off = await bench.claim()
    await bench.journal.record_cost(broken_off, cost=7, unpriced=0)
    await bench.journal.release(broken_off, blameless=False)
    await bench.turn()
    await hear(bench, B)
    (turn,) = (await bench.claim()).history
    meta = await bench.conversations.meta(C)
    assert meta is not None
    assert (meta.cost, meta.unpriced, turn.cost) == (7, 0, 7)


async def test_a_reply_of_which_the_store_knows_nothing_was_asked_for_all_the_same(bench: Bench) -> None:
    bench.answered_before("An answer.", reply_to=A.id)
    await bench.conversations.receive(C, A, source="listing", channel_fields={"guild": 1})
    await bench.turn()
    assert not bench.claude.asked.is_set()
    assert await unpriced(bench) == 1


async def test_who_interrupts_before_there_is_any_text_ends_the_answer_with_its_first(bench: Bench) -> None:
    journal = WatchedJournal(bench.redis, Keys("test"), ttl_s=1000, lease_s=5.0, reconcile_s=0.0)
    means = replace(bench.services, journal=journal, policy=replace(POLICY, interrupts=True))
    bench.runner = Runner(means)
    await anew(bench)
    claim = await bench.claim()
    arrivals = asyncio.Event()
    bench.claude.silent, bench.claude.asked = asyncio.Event(), asyncio.Event()
    bench.claude.pause_s = 60.0
    running = asyncio.create_task(bench.runner.run(claim, arrivals))
    await bench.claude.asked.wait()
    await hear(bench, B)
    arrivals.set()
    await journal.looked.wait()
    bench.claude.silent.set()
    async with idle_timeout(5):
        await running
    assert bench.outbox.messages[min(bench.outbox.messages)] == ANSWER


async def test_a_reply_too_old_to_be_written_over_is_posted_anew(bench: Bench) -> None:
    old = message("long ago", number=NOW - 9000)
    bench.outbox.next_id = snowflake(NOW - 8990)
    await hear(bench, old)
    bench.claude.answer = "The old answer."
    done = await bench.turn()
    (before,) = bench.outbox.messages
    bench.outbox.next_id = EARLIER
    bench.claude.answer = ANSWER
    assert await bench.control.regenerate(C, done.turn_id, "w") is RegenerateResult.OK
    bench.outbox.calls.clear()
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert [done.message_id for done in bench.outbox.seen("edit") if done.message_id == before] == []
    assert bench.outbox.replies_to[max(bench.outbox.messages)] == old.id


async def test_what_is_committed_is_posted_anew_where_discord_lets_nobody_edit_any_more(bench: Bench) -> None:
    claim = await bench.begun("Half ▌", "Half ▌")
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.release(claim, blameless=False)
    bench.outbox.failures.append(DiscordTooOld())
    await bench.turn()
    assert bench.outbox.texts() == [ANSWER]
    assert min(bench.outbox.messages) > EARLIER + 1


async def test_settling_leaves_the_next_reply_alone_that_lost_what_it_pointed_to(bench: Bench) -> None:
    claim = await bench.begun(ANSWER)
    await bench.journal.commit(claim, None, Result(ANSWER), window_start=0)
    await bench.journal.acknowledge(claim, reconcile=True)
    await hear(bench, B)
    bench.claude.answer = "The next answer."
    await bench.turn()
    bench.outbox.replies_to[max(bench.outbox.messages)] = None
    settling = await bench.claim()
    assert settling.reconciling
    await bench.runner.reconcile(settling)
    assert bench.outbox.texts() == [ANSWER, "The next answer."]


async def test_a_stop_is_heard_while_the_tokens_are_counted(bench: Bench) -> None:
    generator = ReplyGenerator(cast("Claude", bench.claude))
    interrupt: asyncio.Future[BobbinError] = asyncio.get_running_loop().create_future()
    await hear(bench, A)
    claim = await bench.claim()
    counting, cost = asyncio.Event(), TurnCost()

    async def count_tokens(_request: Request) -> int:
        counting.set()
        await asyncio.Event().wait()
        raise ClaudeBusy

    bench.claude.count_tokens = count_tokens  # type: ignore[attr-defined]
    long = changed(claim, messages=(message("word " * 2000, number=NOW - 10),))
    total = compose(terms_of(POLICY), long.past, long.batch.messages, now_ms=0).total_tokens
    near = replace(POLICY, limit_tokens=total)
    prepared = await prepare(long)
    assert isinstance(prepared, Prepared)
    asking = asyncio.create_task(
        generator.generate(
            long,
            prepared,
            near,
            interrupt=interrupt,
            push=lambda _: None,
            show_status=lambda _: None,
            cost=cost,
        )
    )
    await counting.wait()
    interrupt.set_result(Stopped())
    async with idle_timeout(2):
        asked = await asking
    assert asked.conclusion.notices[0] == wording.STOPPED_EARLY
    assert (cost.total, bench.claude.asked.is_set()) == (0, False)


async def test_an_answer_that_discord_wants_later_is_kept_and_shown_without_asking_again(
    bench: Bench,
) -> None:
    await hear(bench, A)
    bench.outbox.failures.extend([DiscordNotNow(280.0)] * 10)
    with pytest.raises(DiscordNotNow):
        await bench.turn()
    claim = await bench.claim()
    assert (claim.attempt.state, claim.attempt.result) == (State.COMMITTED, Result(ANSWER))
    await bench.journal.release(claim, blameless=True)
    bench.outbox.failures.clear()
    bench.claude.answer = "Another answer."
    await bench.turn()
    assert ANSWER in bench.outbox.texts()
    assert "Another answer." not in bench.outbox.texts()


async def test_nothing_is_asked_while_it_is_known_that_nothing_can_be_shown(bench: Bench) -> None:
    await hear(bench, A)
    bench.outbox.not_now = DiscordNotNow(60.0)
    with pytest.raises(DiscordNotNow):
        await bench.turn()
    assert not bench.claude.asked.is_set()
    assert [text.startswith(SMALL) for text in bench.outbox.texts()] == [True]  # the word about it


async def test_what_is_put_off_is_nobodys_until_its_time_and_counts_no_try(bench: Bench) -> None:
    await hear(bench, A)
    claim = await bench.claim()
    await bench.journal.release(claim, blameless=True, not_within_s=0.3)
    later = await bench.journal.claim(C, "somebody else")
    assert isinstance(later, Later)
    assert 0 < later.in_s <= 0.3
    await asyncio.sleep(later.in_s)
    assert (await bench.claim()).attempt.number == 1


async def test_a_reset_ends_a_wait_for_discord(bench: Bench) -> None:
    await hear(bench, A)
    await bench.journal.release(await bench.claim(), blameless=True, not_within_s=600.0)
    await bench.conversations.reset(C, before=A.id)
    await hear(bench, B)
    await bench.claim()
