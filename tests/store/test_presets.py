"""The presets of a server, on a real Redis server."""

from __future__ import annotations

import itertools

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.identity import Identity
from bot.store.examination import Examination
from bot.store.keys import Keys
from bot.store.presets import MOST_PRESETS, Preset, Presets
from bot.store.scripts import Scripts

KEYS = Keys("test")
_interactions = itertools.count(900)


def by(person: int) -> Actor:
    """Somebody who acts once more."""
    return Actor(3, person, next(_interactions))


@pytest.fixture
def presets(redis: Redis) -> Presets:
    return Presets(redis, KEYS)


async def test_a_preset_says_who_saved_it_and_when(presets: Presets) -> None:
    assert await presets.save(by(70), "tutor", "Explain.", 5)
    assert await presets.save(by(71), "tutor", "Ask first.", 6)
    assert await presets.save(by(70), "editor", "Shorten.", 7)
    assert await presets.get(3, "tutor") == Preset("Ask first.", 71, 6)
    assert await presets.all(3) == {"editor": Preset("Shorten.", 70, 7), "tutor": Preset("Ask first.", 71, 6)}
    assert await presets.names(3) == ("editor", "tutor")
    assert await presets.names(4) == ()


async def test_there_are_no_more_than_can_be_offered_and_those_can_be_changed(presets: Presets) -> None:
    for number in range(MOST_PRESETS):
        assert await presets.save(by(70), f"p{number}", "x", 1)
    assert not await presets.save(by(70), "one more", "x", 1)
    assert await presets.save(by(70), "p0", "y", 1)
    assert len(await presets.names(3)) == MOST_PRESETS
    assert await presets.delete(3, "p1")
    assert not await presets.delete(3, "p1")
    assert await presets.save(by(70), "one more", "x", 1)


async def test_a_repeated_call_saves_a_preset_once(redis: Redis, presets: Presets) -> None:
    actor = by(70)
    for _ in range(2):
        assert await presets.save(actor, "tutor", "Explain.", 5)
    assert await redis.hlen(KEYS.presets(3)) == 1


async def test_a_preset_of_the_version_before_is_read_and_replaced(redis: Redis, presets: Presets) -> None:
    await redis.hset(KEYS.presets(3), "tutor", '{"text":"Explain.","by":70,"at_ms":5}')
    assert await presets.all(3) == {"tutor": Preset("Explain.", 70, 5)}
    assert await presets.save(by(71), "tutor", "Ask first.", 6)
    assert await presets.all(3) == {"tutor": Preset("Ask first.", 71, 6)}
    assert "tutor" not in await redis.hkeys(KEYS.presets(3))
    assert await presets.delete(3, "tutor")


async def test_a_preset_of_another_version_counts_as_none(redis: Redis, presets: Presets) -> None:
    await redis.hset(KEYS.presets(3), "odd", "{}")
    assert await presets.get(3, "odd") is None
    assert await presets.all(3) == {}


async def test_the_presets_of_a_person_are_part_of_their_data_and_are_forgotten_with_them(
    redis: Redis, presets: Presets
) -> None:
    await presets.save(by(70), "tutor", "Explain.", 5)
    await presets.save(by(71), "editor", "Shorten.", 6)
    name = "{3}:presets"
    who = Identity(person=70, before=1 << 60)
    examined = await Examination(redis, KEYS).examine(3, (name,), who)
    assert [(kept.name, kept.value) for kept in examined.kept_settings] == [("preset tutor", "Explain.")]
    assert examined.found.prompts == 1
    for call in examined.calls:
        assert await Scripts(redis).run(call)
    assert await presets.names(3) == ("editor",)
    assert (await Examination(redis, KEYS).examine(3, (name,), who)).calls == ()
