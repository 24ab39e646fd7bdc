"""Which shards a client has."""

from __future__ import annotations

import time

import pytest

from bot.conversation.shards import Shards
from bot.gateway.connection.client import Client
from bot.telemetry.gateway_state import GatewayState
from tests.gateway.conftest import Post


def ids(client: Client) -> list[int]:
    return [each.shard_id for each in client.connections]


async def test_a_client_has_as_many_shards_as_discord_recommends(post: Post) -> None:
    post.discord.world.shards = 3
    await post.client.find_shards()
    assert ids(post.client) == [0, 1, 2]
    assert post.client.shard_count == 3
    assert not post.client.is_connected
    assert [post.client.health.state(each) for each in range(3)] == [GatewayState.CONNECTING] * 3


async def test_a_server_that_knows_no_shards_has_one(post: Post) -> None:
    post.discord.faults.add(action="error", route="/gateway/bot", status=404, times=None)
    await post.client.find_shards()
    assert ids(post.client) == [0]


async def test_chosen_shards_are_those_of_the_settings(post: Post) -> None:
    post.client._chosen = Shards((1, 3), 4)
    await post.client.find_shards()
    assert (ids(post.client), post.client.shard_count) == ([1, 3], 4)


@pytest.mark.parametrize("shards", [1, 4])
async def test_all_shards_together_identify_no_more_often_than_one(post: Post, shards: int) -> None:
    post.discord.world.shards = shards
    await post.client.find_shards()
    now_s, count = time.monotonic(), 0
    for each in post.client.connections:
        while each.attempts._identify_in_s(now_s) == 0:
            each.attempts.identified(now_s)
            count += 1
    assert count <= 150
