"""Slots, their owners, and which slot a command needs."""

from __future__ import annotations

import pytest
from redis.crc import key_slot

from bot.store.cluster_slots import read_slots, slot_of

ANSWER = [
    [8000, 16383, ["two", 7002, "id2", []], ["three", 7003, "id3", []]],
    [0, 7999, [None, 7001, "id1", []]],
]


@pytest.mark.parametrize(
    ("args", "key"),
    [
        (("GET", "p:{5}:q"), "{5}"),
        (("EVALSHA", "abc", 2, "p:{5}:q", "p:{5}:h", "x"), "{5}"),
        (("EVAL", "return 1", 1, "p:work"), "p:work"),
        (("EVAL", "return 1", 0), None),
        (("CONFIG GET", "save"), None),
        (("PING",), None),
        (("PUBLISH", "p:bell", "5"), None),
        (("zadd", "p:known", 1, "a"), "p:known"),
    ],
)
def test_the_slot_of_a_command_is_that_of_its_first_key(args: tuple[object, ...], key: str | None) -> None:
    assert slot_of(args) == (None if key is None else key_slot(key.encode()))


def test_each_slot_has_its_primary_and_a_server_without_a_name_is_the_one_that_was_asked() -> None:
    slots = read_slots(ANSWER, "asked")
    assert slots.primary_of(0) == slots.primary_of(7999) == ("asked", 7001)
    assert slots.primary_of(8000) == ("two", 7002)
    assert slots.primaries == (("asked", 7001), ("two", 7002))
    assert slots.replicas == (("three", 7003),)


def test_a_slot_that_moved_since_is_where_it_moved_to_and_a_slot_may_have_no_owner() -> None:
    slots = read_slots(ANSWER[:1], "asked")
    slots.moved[9000] = ("four", 7004)
    assert slots.primary_of(9000) == ("four", 7004)
    assert slots.primary_of(9001) == ("two", 7002)
    assert slots.primary_of(7999) is None
    assert ("four", 7004) in slots.primaries
