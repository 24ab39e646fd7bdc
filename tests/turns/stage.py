"""What the tests of turns stand on: a worker with a real Redis, and a Discord and a Claude in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.claude.client import Claude
from bot.conversation.compose import Terms
from bot.conversation.errors import ClaudeBusy
from bot.conversation.message import DISCORD_EPOCH_MS
from bot.conversation.prompt import PREAMBLE, render_system
from bot.conversation.request import Finished, Parameters, Request, Started, TextDelta, Usage
from bot.conversation.tokens import PRIOR
from bot.conversation.trimming import TrimPolicy
from bot.render.pace import Pace
from bot.render.style import Style
from bot.store.claim import Claim
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.store.revisions import Revisions
from bot.store.turn_control import RegenerateResult, TurnControl
from bot.turns.claim_terms import TermsOf
from bot.turns.policy import TurnPolicy
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.run import Runner
from bot.turns.services import TurnServices
from tests.conversation.builders import message, snowflake
from tests.render.fake_outbox import FakeOutbox

NOW = int(time.time() - DISCORD_EPOCH_MS / 1000) + 3600
"""Ahead of the clock, so that nothing is old by the time the test is run."""
C = snowflake(NOW - 20)
A, B = message("first", number=NOW - 10), message("second", number=NOW - 9)
EARLIER = snowflake(NOW - 8)
ANSWER = "An answer to what is known."
POLICY = TurnPolicy(
    model="claude-test",
    tries=5,
    lease_s=5.0,
    heartbeat_s=1.0,
    secret=b"secret",
)
TERMS = Terms(
    Parameters("claude-test", 100),
    render_system("Be kind."),
    TrimPolicy(high_tokens=PRIOR.of(PREAMBLE) + 580, low_tokens=PRIOR.of(PREAMBLE) + 80),
)
CHANNEL = snowflake(NOW - 30)
CODE = "```python\na = 1\nb = 2\nc = 3\n```"


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

    async def stream(
        self, _request: Request, _caller: object = None
    ) -> AsyncIterator[Started | TextDelta | Finished]:
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


def always(terms: Terms) -> TermsOf:
    """The same terms for each turn."""

    async def terms_of(_claim: Claim) -> Terms:
        return terms

    return terms_of


@pytest.fixture
async def bench(redis_url: str) -> AsyncIterator[Bench]:
    redis: Redis = Redis.from_url(redis_url, decode_responses=True)
    await redis.flushall()
    keys, outbox, claude = Keys("test"), FakeOutbox(round_trip_s=0.0, next_id=EARLIER), FakeClaude()
    journal = Journal(redis, keys, ttl_s=1000, lease_s=5.0, reconcile_s=0.0)
    means = TurnServices(
        journal=journal,
        generator=ReplyGenerator(cast("Claude", claude), POLICY),
        outbox=outbox,
        pace=Pace(),
        policy=POLICY,
        terms_of=always(TERMS),
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


async def hear_mention(bench: Bench) -> asyncio.Task[Claim]:
    """Have somebody mention the bot in a channel, and a turn begun in the thread that is to be opened from it."""
    starter = replace(A, opens="A thread")
    channel_fields = {"guild": 1, "parent": CHANNEL}
    await bench.conversations.receive(A.id, starter, source="event", channel_fields=channel_fields)
    return asyncio.create_task(bench.turn(A.id))


async def anew(bench: Bench, answer: str = "The old answer.") -> Claim:
    """Have a turn answered, and wish that it is answered anew."""
    await hear(bench, A)
    bench.claude.answer = answer
    done = await bench.turn()
    bench.claude.answer = ANSWER
    assert await bench.control.regenerate(C, done.turn_id, "w") is RegenerateResult.OK
    return done


async def unpriced(bench: Bench) -> int:
    meta = await bench.conversations.meta(C)
    assert meta is not None
    return meta.unpriced
