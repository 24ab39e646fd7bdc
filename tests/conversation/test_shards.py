"""Which servers a process hears of."""

from __future__ import annotations

from bot.conversation.shards import Shards, shard_of

SERVERS = [(number << 22) + 12345 for number in range(16)]


def test_a_server_is_on_the_shard_of_its_id_and_direct_messages_are_on_the_first() -> None:
    assert [shard_of(server, 4) for server in SERVERS[:5]] == [0, 1, 2, 3, 0]
    assert shard_of(None, 4) == 0


def test_groups_that_divide_the_shards_hold_each_server_once() -> None:
    groups = [Shards((0, 2), 4), Shards((1, 3), 4)]
    for server in (*SERVERS, None):
        assert sum(group.holds(server) for group in groups) == 1


def test_a_process_with_all_shards_holds_everything() -> None:
    for shards in (Shards(), Shards(count=4), Shards((0, 1), 2)):
        assert shards.are_all
        assert all(shards.holds(server) for server in (*SERVERS, None))
