"""The channel's limit: five posts and edits in five seconds, and nobody waits who has got through."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from bot.gateway.connection.bucket import Bucket
from bot.local.simulator.discord.ratelimits import MESSAGES
from bot.render.outbox import Change, Outgoing
from tests.gateway.conftest import Post
from tests.patience import idle_timeout
from tests.render.virtual_time import run

WINDOW_S = 0.2


async def test_the_call_that_takes_the_last_token_returns_when_it_is_answered(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("0", nonce="1"))).id
    async with idle_timeout(MESSAGES.per_s / 2):
        for number in range(1, MESSAGES.requests):
            await post.outbox.edit(post.thread, message, Change(str(number)))
    assert post.discord.messages(post.thread)[-1]["content"] == "4"


class Window:
    """A bucket of two tokens; `began` tells when each call did, from the first on."""

    def __init__(self) -> None:
        self.bucket = Bucket(None)
        self.began: list[float] = []
        self._opened_s = 0.0
        self._used = 0

    async def call(self) -> None:
        async with self.bucket:
            now = asyncio.get_running_loop().time()
            if now >= self._opened_s + WINDOW_S:
                self._opened_s, self._used = now, 0
            self._used += 1
            assert self._used <= 2
            self.began.append(now)
            await asyncio.sleep(0.01)
            left_s = self._opened_s + WINDOW_S - asyncio.get_running_loop().time()
            headers = {
                "X-Ratelimit-Limit": "2",
                "X-Ratelimit-Remaining": str(2 - self._used),
                "X-Ratelimit-Reset-After": str(left_s),
            }
            self.bucket.update(cast("Any", SimpleNamespace(headers=headers)))


def test_the_calls_behind_the_last_token_wait_for_the_next_window_and_no_longer() -> None:
    async def main() -> Window:
        window = Window()
        await window.call()
        await window.call()
        await asyncio.gather(*(window.call() for _ in range(4)))
        return window

    window = run(main())
    assert window.began[1] - window.began[0] < WINDOW_S / 2
    waits = [each - window.began[0] for each in window.began[2:]]
    assert all(WINDOW_S <= each < 2 * WINDOW_S for each in waits[:2])
    assert all(2 * WINDOW_S <= each < 3 * WINDOW_S for each in waits[2:])


def test_a_call_that_is_cancelled_waits_for_nothing_and_leaves_its_bucket_to_others() -> None:
    async def main() -> None:
        loop, window = asyncio.get_running_loop(), Window()
        await window.call()
        last = asyncio.create_task(window.call())
        await asyncio.sleep(0)
        cancelled_s = loop.time()
        last.cancel()
        await asyncio.wait([last])
        assert loop.time() == cancelled_s
        await window.call()
        assert loop.time() < cancelled_s + 2 * WINDOW_S

    run(main())
