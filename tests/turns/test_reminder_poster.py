"""Reminders are posted once: through crashes, two instances, refusals and outages; on a real Redis server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.clock import Clock
from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordUnavailable,
)
from bot.conversation.message import created_ms
from bot.conversation.recurrence import Every
from bot.conversation.reminder import GIVE_UP_MS, Reminder
from bot.render.outbox import Outgoing, Seen, Sent
from bot.store.keys import Keys
from bot.store.reminders import Reminders
from bot.turns.reminder_poster import ENDED_S, HOLD_S, RETRY_S, ReminderPoster
from tests.conversation.test_reminder import NOW, reminder

KEYS = Keys("test")
HOUR_S = 3600.0


class Crash(BaseException):
    """The process has ended."""


class Place:
    """The thread: what is posted there, who reads it, and what befalls the next posts.

    After `lands` of True the post stands there although the call fails.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.posted: list[Outgoing] = []
        self._at_ms: list[float] = []
        self.failures: list[tuple[BaseException, bool]] = []
        self.readers = {77}
        self.blocked: set[int] = set()
        self.looked = 0

    async def send(self, channel_id: int, message: Outgoing) -> Sent:
        assert channel_id == 1
        error, lands = self.failures.pop(0) if self.failures else (None, True)
        if lands and message.nonce not in [each.nonce for each in self.posted]:
            self.posted.append(message)
            self._at_ms.append(self._scene.now_s * 1000)
        if error is not None:
            raise error
        return Sent(1, message.content)

    async def own_messages(self, channel_id: int, after: int) -> tuple[Seen, ...]:
        assert channel_id == 1
        self.looked += 1
        return tuple(
            Seen(number + 1, each.content, None, silent=True)
            for number, each in enumerate(self.posted)
            if self._at_ms[number] > created_ms(after)
        )

    async def may_be_reminded(self, reminder: Reminder) -> bool:
        return reminder.person in self.readers

    async def allow(self, reminder: Reminder) -> bool:
        return reminder.person not in self.blocked


class Scene:
    """A reminder, and instances that come and go."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.place = Place(self)
        self.book = Reminders(redis, KEYS)
        self.now_s = NOW / 1000 + 1

    def instance(self, name: str) -> ReminderPoster:
        place = cast("Any", self.place)
        clock = Clock(lambda: self.now_s, lambda: self.now_s)
        book = Reminders(self.redis, KEYS)
        return ReminderPoster(book, place, place, clock, instance=name, allow=self.place.allow)

    async def look(self, poster: ReminderPoster, in_s: float = 0.0) -> None:
        """Let time pass, and the queue be due."""
        self.now_s += in_s
        await self.redis.zadd(KEYS.reminders_due, {"1": 1}, xx=True)
        await poster.post_due()

    async def due_in_s(self) -> float:
        """In how many seconds the place is looked at, by the server's clock, whose seconds are whole."""
        score, (now_s, _) = await self.redis.zscore(KEYS.reminders_due, "1"), await self.redis.time()
        assert score is not None
        return float(score) / 1000 - now_s

    async def state(self) -> Reminder:
        (found,) = await self.book.of(1)
        return found

    async def set(self, every: Every = "once") -> None:
        await self.book.add(reminder(every), 0)


@pytest.fixture
async def scene(redis: Redis) -> Scene:
    made = Scene(redis)
    await made.set()
    return made


async def test_what_is_due_is_posted_once_and_mentions_its_person_alone(scene: Scene) -> None:
    await scene.look(scene.instance("a"))
    await scene.look(scene.instance("a"))
    (posted,) = scene.place.posted
    assert posted.mentions == (77,)
    assert not posted.silent
    assert (await scene.state()).end == "delivered"
    assert scene.place.looked == 0
    await scene.look(scene.instance("a"), ENDED_S + 1)
    assert await scene.book.of(1) == ()
    assert await scene.redis.zcard(KEYS.reminders_due) == 0


async def test_what_is_not_due_waits(scene: Scene) -> None:
    scene.now_s = NOW / 1000 - 100
    await scene.look(scene.instance("a"))
    assert scene.place.posted == []
    assert await scene.redis.zcard(KEYS.reminders_due) == 1


async def test_a_reminder_set_while_another_is_posted_is_due_at_its_time(scene: Scene) -> None:
    send, later = scene.place.send, replace(reminder(), id=9, due_ms=NOW + 300_000)

    async def another_is_set_meanwhile(channel_id: int, message: Outgoing) -> Sent:
        await scene.book.add(later, 300)
        return await send(channel_id, message)

    scene.place.send = another_is_set_meanwhile  # type: ignore[method-assign]
    await scene.look(scene.instance("a"))
    assert len(scene.place.posted) == 1
    assert later in await scene.book.of(1)
    assert await scene.due_in_s() < 302


@pytest.mark.parametrize("lands", [True, False])
async def test_after_a_crash_in_a_post_another_instance_neither_loses_nor_repeats_it(
    scene: Scene, lands: bool
) -> None:
    scene.place.failures.append((Crash(), lands))
    with pytest.raises(Crash):
        await scene.look(scene.instance("a"))
    other = scene.instance("b")
    await scene.look(other)
    assert len(scene.place.posted) == int(lands)  # the first may be at work still
    assert (await scene.state()).has_ended == lands
    await scene.look(other, HOLD_S + 1)
    await scene.look(other)
    assert len(scene.place.posted) == 1
    assert (await scene.state()).end == "delivered"


@pytest.mark.parametrize("lands", [True, False])
async def test_a_post_without_an_answer_is_looked_for_before_it_is_repeated(
    scene: Scene, lands: bool
) -> None:
    poster = scene.instance("a")
    scene.place.failures.append((DiscordUnavailable("send: reset"), lands))
    await scene.look(poster)
    await scene.look(poster, 61)
    assert len(scene.place.posted) == 1
    assert scene.place.looked == 1


async def test_two_instances_post_one_message(scene: Scene) -> None:
    first, second = scene.instance("a"), scene.instance("b")
    send = scene.place.send

    async def racing(channel_id: int, message: Outgoing) -> Sent:
        scene.place.send = send  # type: ignore[method-assign]
        await scene.look(second)
        return await send(channel_id, message)

    scene.place.send = racing  # type: ignore[method-assign]
    await scene.look(first)
    assert len(scene.place.posted) == 1
    assert (await scene.state()).end == "delivered"


async def test_a_store_that_went_back_does_not_repeat_an_old_reminder(scene: Scene) -> None:
    before = await scene.redis.dump(KEYS.reminders(1))
    assert before is not None
    await scene.look(scene.instance("a"))
    await scene.redis.restore(KEYS.reminders(1), 0, before, replace=True)
    await scene.look(scene.instance("a"), 120)
    assert len(scene.place.posted) == 1


async def test_what_was_missed_is_posted_late_and_once(redis: Redis) -> None:
    scene = Scene(redis)
    await scene.set("day")
    poster = scene.instance("a")
    await scene.look(poster, 50 * HOUR_S)
    (posted,) = scene.place.posted
    assert "late, because I could not post it" in posted.content
    assert (await scene.state()).due_ms == NOW + 72 * 3_600_000
    await scene.look(poster, 22 * HOUR_S)
    assert len(scene.place.posted) == 2
    assert "late" not in scene.place.posted[1].content


async def test_security_who_cannot_read_the_place_any_more_is_not_reminded(scene: Scene) -> None:
    scene.place.readers = set()
    await scene.look(scene.instance("a"))
    assert scene.place.posted == []
    assert (await scene.state()).end == "left"


async def test_security_who_may_not_use_the_bot_any_more_is_not_reminded(scene: Scene) -> None:
    scene.place.blocked = {77}
    await scene.look(scene.instance("a"))
    assert scene.place.posted == []
    assert (await scene.state()).end == "left"


async def test_a_place_that_is_gone_ends_the_reminder(redis: Redis) -> None:
    scene = Scene(redis)
    await scene.set("day")
    scene.place.failures.append((DiscordGone("10003"), False))
    await scene.look(scene.instance("a"))
    assert (await scene.state()).end == "gone"


async def test_a_lacking_permission_is_said_once_to_the_operator_and_tried_for_a_day(scene: Scene) -> None:
    poster = scene.instance("a")
    refused: DiscordError = DiscordForbidden("Send Messages in Threads")
    scene.place.failures += [(refused, False)] * 3
    with capture_logs() as logs:
        await scene.look(poster)
        await scene.look(poster, 700)
    warnings = [each for each in logs if each["log_level"] == "warning"]
    assert [each["event"] for each in warnings] == ["reminder_not_posted"]
    assert "stir" not in str(logs)
    assert "Send Messages in Threads" in (await scene.state()).problem
    await scene.look(poster, GIVE_UP_MS / 1000)
    assert (await scene.state()).end == "refused"


async def test_a_refusal_that_ends_is_made_up_for(scene: Scene) -> None:
    poster = scene.instance("a")
    scene.place.failures += [(DiscordForbidden(""), False), (DiscordNotNow(30), False)]
    await scene.look(poster)
    await scene.look(poster, 700)
    await scene.look(poster, 31)
    assert len(scene.place.posted) == 1
    assert (await scene.state()).end == "delivered"


async def test_one_that_was_cancelled_or_forgotten_meanwhile_is_not_posted(scene: Scene) -> None:
    await scene.book.change(1, reminder().id, lambda each: each.ended("cancelled", NOW))
    await scene.look(scene.instance("a"))
    await scene.book.add(replace(reminder(), id=9), 0)
    await scene.redis.hdel(KEYS.reminders(1), "9")
    await scene.look(scene.instance("a"))
    assert scene.place.posted == []


@pytest.mark.parametrize("lands", [True, False])
async def test_one_that_is_cancelled_while_it_is_being_posted_may_have_appeared_and_comes_no_more(
    redis: Redis, lands: bool
) -> None:
    scene = Scene(redis)
    await scene.set("day")
    poster, send = scene.instance("a"), scene.place.send

    async def cancelled_meanwhile(channel_id: int, message: Outgoing) -> Sent:
        after, taken = await scene.book.change(1, reminder().id, lambda each: each.ended("cancelled", NOW))
        assert after is not None
        assert (taken, after.may_still_appear) == (True, True)
        scene.place.send = send  # type: ignore[method-assign]
        return await send(channel_id, message)

    scene.place.send = cancelled_meanwhile  # type: ignore[method-assign]
    if not lands:
        scene.place.failures.append((DiscordUnavailable("send: reset"), False))
    await scene.look(poster)
    await scene.look(poster, 24 * HOUR_S)
    assert len(scene.place.posted) == int(lands)
    assert await scene.book.of(1) == ()


async def test_a_reminder_whose_post_raises_anything_is_due_again_and_delays_no_other(scene: Scene) -> None:
    await scene.book.add(replace(reminder(), id=5, text="feed the cat"), 0)
    poster = scene.instance("a")
    scene.place.failures.append((KeyError("author"), True))
    with capture_logs() as logs:
        await scene.look(poster)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["reminder_failed"]
    assert len(scene.place.posted) == 2
    assert await scene.redis.zscore(KEYS.reminders_due, "1") is not None
    await scene.look(poster, RETRY_S)
    assert len(scene.place.posted) == 2
    assert all(each.has_ended for each in await scene.book.of(1))


async def test_a_conversation_whose_reminders_cannot_be_looked_at_delays_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = scene.instance("a")
    of = poster._reminders.of

    async def failing(conversation: int) -> tuple[Reminder, ...]:
        if conversation == 4:
            raise KeyError(conversation)
        return await of(conversation)

    monkeypatch.setattr(poster._reminders, "of", failing)
    await scene.redis.zadd(KEYS.reminders_due, {"4": 0})
    with capture_logs() as logs:
        await scene.look(poster)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["reminders_failed"]
    assert len(scene.place.posted) == 1
    assert await scene.redis.zscore(KEYS.reminders_due, "4") is not None
