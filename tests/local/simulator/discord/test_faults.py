"""Scripted faults, seen from outside."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.local.simulator.discord.conftest import TOKEN, Client, Scene, running
from tests.local.simulator.discord.rest import Rest


@pytest.fixture
def rest(scene: Scene, session: aiohttp.ClientSession) -> Rest:
    return Rest(session, scene.discord.api_url, TOKEN)


async def test_a_status_befalls_so_many_requests_after_so_many(scene: Scene, rest: Rest) -> None:
    fault = scene.discord.faults.add(
        method="GET", route=r"/users/@me$", action="status", status=503, times=2, after=1
    )
    statuses = [(await rest("GET", "/users/@me"))[0] for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert fault.struck == 2


async def test_a_reset_before_the_work_does_none_and_one_after_it_does(scene: Scene, rest: Rest) -> None:
    path = f"/channels/{scene.text.id}/messages"
    scene.discord.faults.add(method="POST", route="/messages$", action="reset")
    with pytest.raises(aiohttp.ClientConnectionError):
        await rest("POST", path, {"content": "lost"})
    scene.discord.faults.add(method="POST", route="/messages$", action="reset_after")
    with pytest.raises(aiohttp.ClientConnectionError):
        await rest("POST", path, {"content": "kept", "nonce": "1", "enforce_nonce": True})
    assert (await rest("POST", path, {"content": "again", "nonce": "1", "enforce_nonce": True}))[0] == 200
    assert [each["content"] for each in scene.discord.messages(scene.text.id)] == ["kept"]
    assert [each.status for each in scene.discord.requests] == [0, 0, 200]


async def test_a_discord_error_and_a_rate_limit_can_be_scripted_for_one_token(
    scene: Scene, rest: Rest
) -> None:
    scene.discord.faults.add(
        action="error", status=403, code=50001, message="Missing Access", only_token="other"
    )
    scene.discord.faults.add(action="error", status=404, code=10003, only_token=TOKEN)
    assert await rest.code("GET", "/users/@me") == 10003
    scene.discord.faults.add(action="ratelimit", retry_after_s=2.5, scope="shared")
    status, told, headers = await rest("GET", "/users/@me")
    assert (status, told["retry_after"], headers["X-RateLimit-Scope"]) == (429, 2.5, "shared")
    assert headers["Via"]


async def test_delays_add_up_with_the_round_trip(scene: Scene, rest: Rest) -> None:
    scene.discord.rest.round_trip_s = 0.05
    scene.discord.faults.add(action="delay", delay_s=0.05)
    begun = asyncio.get_running_loop().time()
    assert (await rest("GET", "/users/@me"))[0] == 200
    assert asyncio.get_running_loop().time() - begun >= 0.1


@pytest.mark.usefixtures("pointed")
async def test_events_are_swallowed_for_good_or_delivered_twice(scene: Scene) -> None:
    client = Client()
    got: list[str] = []

    async def on_message(message: object) -> None:
        got.append(getattr(message, "content", ""))

    client.on_message = on_message  # type: ignore[attr-defined]
    async with running(client):
        scene.discord.faults.swallow_events(1, only="MESSAGE_CREATE")
        await scene.ann.post(scene.text, "lost")
        scene.discord.faults.double_events(1, only="MESSAGE_CREATE")
        await scene.ann.post(scene.text, "twice")
        await client.hear("MESSAGE_CREATE", 2)
        await scene.discord.connections[0].close(4000)
        await client.hear("RESUMED")
        await scene.ann.post(scene.text, "once")
        await client.hear("MESSAGE_CREATE", 3)
    assert got == ["twice", "twice", "once"]
