"""How seldom settings are read, and how soon a change is known."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.errors import StoreUnavailable
from bot.conversation.scope import Scope, Setting
from bot.store.keys import Keys
from bot.store.scope_settings import ScopeSettings
from bot.store.settings_cache import FRESH_S, ByScope, Place, SettingsCache

HERE, THERE, ELSEWHERE = Place(3, 5), Place(3, 6, 7), Place(4, 8)


class Store:
    """Counts the calls, and holds each back until `open` is set; fails while it is `away`."""

    def __init__(self) -> None:
        self.calls: list[Place] = []
        self.value = "always"
        self.away = False
        self.called = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, place: Place) -> ByScope:
        self.calls.append(place)
        self.called.set()
        value = self.value
        await self.open.wait()
        if self.away:
            raise StoreUnavailable
        return {Scope.CHANNEL: {"answer": Setting(value)}}


class Time:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def said(found: ByScope) -> str:
    """The value that was read, "" for none."""
    return found[Scope.CHANNEL]["answer"].value if found else ""


async def test_a_place_is_read_once_in_a_while() -> None:
    store, time = Store(), Time()
    cache = SettingsCache(store.read, now_s=time)
    for _ in range(3):
        assert said(await cache.by_scope(HERE)) == "always"
    assert store.calls == [HERE]
    store.value = "never"
    time.now += FRESH_S
    assert said(await cache.by_scope(HERE)) == "never"
    assert store.calls == [HERE, HERE]


async def test_those_who_ask_at_the_same_time_share_a_call_that_outlives_each_of_them() -> None:
    store = Store()
    cache = SettingsCache(store.read)
    store.open.clear()
    first, second = (asyncio.create_task(cache.by_scope(HERE)) for _ in range(2))
    await store.called.wait()
    first.cancel()
    store.open.set()
    assert said(await second) == "always"
    assert store.calls == [HERE]
    assert first.cancelled()


async def test_a_change_is_known_at_once_in_every_place_of_its_server_and_in_no_other() -> None:
    store = Store()
    cache = SettingsCache(store.read)
    for place in (HERE, THERE, ELSEWHERE):
        await cache.by_scope(place)
    store.value = "never"
    cache.forget(HERE.server)
    assert [said(await cache.by_scope(place)) for place in (HERE, THERE, ELSEWHERE)] == [
        "never",
        "never",
        "always",
    ]


async def test_a_call_that_began_before_a_change_is_not_taken_for_what_is_set_now() -> None:
    store = Store()
    cache = SettingsCache(store.read)
    store.open.clear()
    early = asyncio.create_task(cache.by_scope(HERE))
    await store.called.wait()
    store.value = "never"
    cache.forget(HERE.server)
    store.open.set()
    assert said(await early) == "always"
    assert said(cache.last_known(HERE)) == ""
    assert said(await cache.by_scope(HERE)) == "never"


async def test_while_the_store_is_away_what_was_read_last_is_still_known() -> None:
    store, time = Store(), Time()
    cache = SettingsCache(store.read, now_s=time)
    await cache.by_scope(HERE)
    store.away = True
    time.now += FRESH_S
    for place in (HERE, THERE):
        with pytest.raises(StoreUnavailable):
            await cache.by_scope(place)
    assert [said(cache.last_known(place)) for place in (HERE, THERE)] == ["always", ""]
    store.away = False
    assert said(await cache.by_scope(HERE)) == "always", "a failure is not remembered"


async def test_only_the_places_that_were_used_last_are_held() -> None:
    store = Store()
    cache = SettingsCache(store.read, capacity=2)
    for place in (HERE, THERE, HERE, ELSEWHERE, HERE):
        await cache.by_scope(place)
    assert store.calls == [HERE, THERE, ELSEWHERE]


async def test_a_change_by_this_instance_is_in_force_at_once_and_one_by_another_soon(redis: Redis) -> None:
    one, other = (ScopeSettings(redis, Keys("test"), ttl_s=1000, audit_s=1000) for _ in range(2))
    place = Place(3, 5)
    for stored in (one, other):
        assert await stored.cached.by_scope(place) == {Scope.CHANNEL: {}, Scope.SERVER: {}}
    await one.change(Actor(3, 70, 900), Scope.CHANNEL, 5, {"answer": "never"})
    assert said(await one.cached.by_scope(place)) == "never"
    other.cached.forget(3)  # as when the time is over
    assert said(await other.cached.by_scope(place)) == "never"


async def test_what_was_begun_before_is_waited_for_and_not_read_again() -> None:
    store = Store()
    cache = SettingsCache(store.read, now_s=Time())
    cache.prefetch(HERE)
    assert said(await cache.by_scope(HERE)) == "always"
    assert store.calls == [HERE]


async def test_a_failed_call_that_nobody_has_waited_for_is_no_answer() -> None:
    store = Store()
    store.away = True
    cache = SettingsCache(store.read, now_s=Time())
    cache.prefetch(HERE)
    await store.called.wait()
    await asyncio.sleep(0)
    store.away = False
    assert said(await cache.by_scope(HERE)) == "always"
