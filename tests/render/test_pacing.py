"""Many replies at once, at Discord's true limits and in virtual time: `writer`, `pace` and `schedule` together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bot.local.simulator.discord.ratelimits import MESSAGES, Buckets
from bot.render.controls import when_done, while_written
from bot.render.style import Style
from tests.bench._samples import deltas
from tests.render.desk import Desk
from tests.render.fake_outbox import Done
from tests.render.virtual_time import run

ROUND_TRIP_S = 0.15
FIRST_TOKEN_S = 0.4
TOKEN_S = 0.02
COMMIT_S = 0.005


@dataclass(slots=True)
class Reply:
    """The times of one reply: its first text, the end of it, and each change of what Discord shows."""

    first_s: float
    end_s: float = 0.0
    changes_s: list[float] = field(default_factory=list)

    @property
    def first_after_s(self) -> float:
        """From the first text until somebody sees some of it."""
        return self.changes_s[0] + ROUND_TRIP_S / 2 - self.first_s

    @property
    def last_after_s(self) -> float:
        """From the last text until somebody sees it."""
        return self.changes_s[-1] + ROUND_TRIP_S / 2 - self.end_s

    @property
    def still_s(self) -> float:
        """The longest time without a change."""
        return max(later - earlier for earlier, later in pairwise(self.changes_s))


@dataclass(slots=True)
class Crowd:
    """Replies that begin within one second, in places of their own."""

    threads: int
    tokens: int = 1
    samples: int = 1
    desk: Desk = field(default_factory=Desk)
    replies: dict[int, Reply] = field(default_factory=dict)
    limited: int = 0
    typing: int = 0

    async def write(self) -> None:
        """Write all of them."""
        buckets = Buckets()

        def count(done: Done) -> None:
            typed = done.what == "typing"
            self.typing += typed
            self.limited += buckets.take_global("bot", done.at) > 0
            if not typed:
                self.limited += not buckets.take(MESSAGES, str(done.channel_id), done.at).passed
                self.replies[done.channel_id].changes_s.append(done.at)

        self.desk.outbox.on_call = count
        await asyncio.gather(*map(self._one, range(self.threads)))

    async def _one(self, channel_id: int) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(channel_id / self.threads)
        writer = self.desk.writer(
            channel_id=channel_id, streaming=while_written(channel_id), style=Style(code_file_lines=60)
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            await asyncio.sleep(FIRST_TOKEN_S)
            reply = self.replies[channel_id] = Reply(loop.time())
            for delta in deltas(channel_id, self.tokens) * self.samples:
                writer.push(delta)
                reply.end_s = loop.time()
                await asyncio.sleep(TOKEN_S * self.tokens)
            writer.close_text()
        await asyncio.sleep(COMMIT_S)
        await writer.finish(final=when_done(channel_id, truncated=False))


def crowd(threads: int, tokens: int = 1, samples: int = 1) -> list[Reply]:
    """The replies of a crowd, none of whose calls was refused."""
    written = Crowd(threads, tokens, samples)
    run(written.write())
    assert written.limited == 0
    assert written.typing <= (threads if threads <= 20 else 48)
    return list(written.replies.values())


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(seconds)[-(-len(seconds) * 95 // 100) - 1]


@pytest.mark.parametrize("tokens", [1, 4])
@pytest.mark.parametrize("samples", [1, 4])
def test_20_replies_change_at_least_every_1_4_s_however_many_messages_they_take(
    tokens: int, samples: int
) -> None:
    replies = crowd(20, tokens, samples)
    assert p95([reply.still_s for reply in replies]) <= 1.4
    assert p95([reply.first_after_s for reply in replies]) <= 0.25
    assert (
        p95([reply.last_after_s for reply in replies]) <= ROUND_TRIP_S + COMMIT_S + TOKEN_S * tokens + 0.001
    )


@pytest.mark.parametrize("tokens", [1, 4])
def test_200_replies_begin_and_end_as_fast_as_50_calls_a_second_allow(tokens: int) -> None:
    replies = crowd(200, tokens)
    assert p95([reply.first_after_s for reply in replies]) <= 4.2
    assert p95([reply.last_after_s for reply in replies]) <= 4.2
