"""The posts of an audit log: once, in order, through crashes and refusals; on a real Redis server."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.audit import AUDIT_CHANNEL, Act, Actor
from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError, DiscordForbidden, DiscordUnavailable
from bot.conversation.message import created_ms
from bot.conversation.scope import Scope
from bot.render.outbox import Outgoing, Seen, Sent
from bot.store.audit_log import AuditLog
from bot.store.audit_posts import LEAST_TRIM_S, AuditPosts
from bot.store.due_queue import DueQueue
from bot.store.keys import Keys
from bot.store.scope_settings import ScopeSettings
from bot.turns import audit_poster
from bot.turns.audit_poster import AuditPoster

KEYS = Keys("test")
HOME, CHANNEL = 3, 8


class Crash(BaseException):
    """The process has ended."""


class Channel:
    """The channel of the log: what is posted there, and what befalls the next posts.

    After `lands` of True the post stands there although the call fails.
    """

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.failures: list[tuple[BaseException, bool]] = []
        self.looked = 0
        self.lacking = ""
        self.named = {CHANNEL}
        self.is_known = True

    def check_history(self, channel_id: int) -> None:
        if self.lacking and self.is_known and channel_id == CHANNEL:
            raise DiscordForbidden(self.lacking)

    async def send(self, channel_id: int, message: Outgoing) -> Sent:
        assert channel_id in self.named
        error, lands = self.failures.pop(0) if self.failures else (None, True)
        if lands:
            self.posted.append(message.content)
        if error is not None:
            raise error
        return Sent(1, message.content)

    async def own_messages(self, channel_id: int, after: int) -> tuple[Seen, ...]:
        assert channel_id == CHANNEL
        if self.lacking:
            raise DiscordForbidden(self.lacking)
        assert created_ms(after) < 1_800_000_000_000  # from before the post was begun
        self.looked += 1
        return tuple(Seen(number + 1, text, None, silent=True) for number, text in enumerate(self.posted))

    @property
    def lines(self) -> list[str]:
        return [line for text in self.posted for line in text.split("\n")]


class Scene:
    """A server whose log is posted, by instances that come and go."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.channel = Channel()
        self.log = AuditLog(redis, KEYS, audit_s=5000)
        self.settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=5000)
        self.now_s = 1_800_000_000.0
        self._interaction = 900

    def instance(self, name: str) -> AuditPoster:
        """An instance that has just started."""
        return AuditPoster(
            DueQueue(self.redis, KEYS.audit_posts),
            AuditPosts(self.redis, KEYS, audit_s=5000),
            cast("Any", self.channel),
            Clock(lambda: self.now_s, lambda: self.now_s),
            instance=name,
            pause_s=0.0,
        )

    async def choose(self, channel: int = CHANNEL) -> None:
        await self.settings.change(self._actor(), Scope.SERVER, HOME, {AUDIT_CHANNEL: str(channel)})

    async def leave(self, *targets: int) -> None:
        for target in targets:
            await self.log.note(self._actor(), Scope.THREAD, target, Act.LEAVE.value)

    async def due(self) -> None:
        """Let the time come at which the server is looked at again."""
        await self.redis.zadd(KEYS.audit_posts, {str(HOME): 1}, xx=True)

    def _actor(self) -> Actor:
        self._interaction += 1
        return Actor(HOME, 70, self._interaction)


@pytest.fixture
async def scene(redis: Redis) -> Scene:
    made = Scene(redis)
    await made.choose()
    return made


async def is_due_soon(redis: Redis) -> bool:
    """Whether the server is looked at again before its entries are over."""
    due_ms = await redis.zscore(KEYS.audit_posts, str(HOME))
    return due_ms is not None and due_ms < (time.time() + LEAST_TRIM_S - 60) * 1000


def left(lines: list[str]) -> list[int]:
    """The threads that the lines say were left."""
    return [int(line.partition("<#")[2].rstrip(">")) for line in lines if "made me leave" in line]


async def test_entries_are_posted_in_order_and_once(scene: Scene) -> None:
    poster = scene.instance("a")
    await scene.leave(1, 2)
    await poster.post_due()
    await poster.post_due()
    await scene.leave(3)
    await poster.post_due()
    assert left(scene.channel.lines) == [1, 2, 3]
    assert "set the channel of this log" in scene.channel.lines[0]
    assert scene.channel.looked == 0
    assert not await is_due_soon(scene.redis)


async def test_a_long_backlog_is_posted_in_several_messages(scene: Scene) -> None:
    numbers = range(1, 120)
    await scene.leave(*numbers)
    poster = scene.instance("a")
    for _ in range(3):
        await poster.post_due()
    assert left(scene.channel.lines) == list(numbers)
    assert all(len(text) <= 2000 for text in scene.channel.posted)


@pytest.mark.parametrize("lands", [True, False])
async def test_after_a_crash_in_a_post_another_instance_neither_loses_nor_repeats_it(
    scene: Scene, lands: bool
) -> None:
    await scene.leave(1, 2)
    scene.channel.failures.append((Crash(), lands))
    with pytest.raises(Crash):
        await scene.instance("a").post_due()
    await scene.leave(3)
    other = scene.instance("b")
    await other.post_due()
    assert left(scene.channel.lines) == ([1, 2] if lands else [])  # the first may be at work still
    scene.now_s += audit_poster.HOLD_S + 1
    await scene.due()
    await other.post_due()
    assert left(scene.channel.lines) == [1, 2, 3]
    assert scene.channel.looked == 1


@pytest.mark.parametrize("lands", [True, False])
async def test_a_post_without_an_answer_is_looked_for_before_it_is_repeated(
    scene: Scene, lands: bool
) -> None:
    poster = scene.instance("a")
    await scene.leave(1)
    scene.channel.failures.append((DiscordUnavailable("send: reset"), lands))
    await poster.post_due()
    await scene.due()
    await poster.post_due()
    assert left(scene.channel.lines) == [1]
    assert scene.channel.looked == 1


async def test_a_lacking_permission_is_said_once_to_the_operator_and_no_entry_is_lost(scene: Scene) -> None:
    poster = scene.instance("a")
    await scene.leave(1)
    refused: DiscordError = DiscordForbidden("Send Messages")
    scene.channel.failures += [(refused, False), (refused, False)]
    with capture_logs() as logs:
        await poster.post_due()
        await scene.leave(2)
        await poster.post_due()
    warnings = [each for each in logs if each["log_level"] == "warning"]
    assert [each["event"] for each in warnings] == ["audit_not_posted"]
    assert "Send Messages" in warnings[0]["hint"]
    await scene.due()
    await poster.post_due()
    assert left(scene.channel.lines) == [1, 2]


async def test_a_server_without_a_channel_is_looked_at_once(redis: Redis) -> None:
    scene = Scene(redis)
    await scene.leave(1)
    await scene.instance("a").post_due()
    assert scene.channel.posted == []
    assert not await is_due_soon(redis)


async def test_an_entry_that_is_noted_while_others_are_posted_is_not_forgotten(scene: Scene) -> None:
    poster = scene.instance("a")
    send = scene.channel.send

    async def noting(channel_id: int, message: Outgoing) -> Sent:
        scene.channel.send = send  # type: ignore[method-assign]
        sent = await send(channel_id, message)
        await scene.leave(9)
        return sent

    scene.channel.send = noting  # type: ignore[method-assign]
    await poster.post_due()
    await poster.post_due()
    assert left(scene.channel.lines) == [9]


async def test_entries_that_are_over_are_removed_and_the_next_ones_are_looked_at_in_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(redis)
    await scene.leave(1, 2)
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 4000)
    await scene.due()
    await scene.instance("a").post_due()
    assert await redis.xlen(KEYS.audit(HOME)) == 2
    due_ms = await redis.zscore(KEYS.audit_posts, str(HOME))
    assert due_ms is not None
    assert abs(due_ms - (now_s + 4000 + LEAST_TRIM_S) * 1000) < 60_000
    monkeypatch.setattr(time, "time", lambda: now_s + 5001)
    assert await scene.log.latest(HOME, count=10) == ()
    await scene.due()
    await scene.instance("a").post_due()
    assert await redis.xlen(KEYS.audit(HOME)) == 0
    assert await redis.zcard(KEYS.audit_posts) == 0


@pytest.mark.parametrize("lands", [True, False])
async def test_a_post_that_raises_anything_is_looked_for_later_and_delays_no_other_server(
    scene: Scene, lands: bool
) -> None:
    other = Actor(HOME + 1, 70, 990)
    await scene.settings.change(other, Scope.SERVER, HOME + 1, {AUDIT_CHANNEL: str(CHANNEL)})
    await scene.log.note(other, Scope.THREAD, 2, Act.LEAVE.value)
    await scene.leave(1)
    await scene.redis.zadd(KEYS.audit_posts, {str(HOME): 1, str(HOME + 1): 2}, xx=True)
    scene.channel.failures.append((KeyError("author"), lands))
    poster = scene.instance("a")
    with capture_logs() as logs:
        await poster.post_due()
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["audit_posts_failed"]
    assert left(scene.channel.lines) == ([1, 2] if lands else [2])
    assert await is_due_soon(scene.redis)
    await scene.due()
    await poster.post_due()
    assert sorted(left(scene.channel.lines)) == [1, 2]


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "refused"])
async def test_a_post_whose_outcome_nobody_can_look_for_waits_until_the_history_can_be_read(
    scene: Scene, is_known: bool
) -> None:
    await scene.leave(1)
    scene.channel.failures.append((Crash(), True))
    with pytest.raises(Crash):
        await scene.instance("a").post_due()
    scene.channel.lacking, scene.channel.is_known = "Read Message History", is_known
    scene.now_s += audit_poster.HOLD_S + 1
    other = scene.instance("b")
    with capture_logs() as logs:
        for _ in range(2):
            await scene.due()
            await other.post_due()
    (warning,) = [each for each in logs if each["log_level"] == "warning"]
    assert warning["event"] == "audit_not_posted"
    assert "give the bot the permission “Read Message History” there" in warning["hint"]
    assert left(scene.channel.lines) == [1]
    assert await is_due_soon(scene.redis)
    scene.channel.lacking = ""
    await scene.leave(2)
    await other.post_due()
    assert left(scene.channel.lines) == [1, 2]


async def test_nothing_is_posted_where_an_interrupted_post_could_not_be_looked_for(scene: Scene) -> None:
    await scene.leave(1)
    scene.channel.lacking = "Read Message History"
    poster = scene.instance("a")
    await poster.post_due()
    assert scene.channel.posted == []
    scene.channel.lacking = ""
    await scene.due()
    await poster.post_due()
    assert left(scene.channel.lines) == [1]


async def test_another_channel_ends_the_wait_for_a_history_that_cannot_be_read(scene: Scene) -> None:
    await scene.leave(1)
    scene.channel.failures.append((Crash(), False))
    with pytest.raises(Crash):
        await scene.instance("a").post_due()
    scene.channel.lacking, scene.channel.is_known = "View Channels", False
    scene.channel.named.add(CHANNEL + 1)
    await scene.choose(CHANNEL + 1)
    scene.now_s += audit_poster.HOLD_S + 1
    await scene.instance("b").post_due()
    assert left(scene.channel.lines) == [1]
