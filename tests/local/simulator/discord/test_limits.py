"""The limits of the local Discord's routes: `rest` and `ratelimits` together."""

from __future__ import annotations

import asyncio

import aiohttp

from bot.local.simulator.discord import permissions as bits
from tests.local.simulator.discord.conftest import TOKEN, Scene
from tests.local.simulator.discord.rest import Rest


async def test_the_sixth_message_in_five_seconds_is_refused_until_the_window_ends(
    still: Scene, session: aiohttp.ClientSession
) -> None:
    clock, rest = still.clock, Rest(session, still.discord.api_url, TOKEN)
    path = f"/channels/{still.text.id}/messages"
    other = f"/channels/{still.discord.add_channel(still.guild, 'other').id}/messages"
    for number in range(5):
        assert (await rest("POST", path, {"content": str(number)}))[0] == 200
        clock.now += 0.125
    status, told, headers = await rest("POST", path, {"content": "5"})
    assert status == 429
    assert told == {"message": "You are being rate limited.", "retry_after": 4.375, "global": False}
    assert headers["Via"] and headers["Retry-After"] == "5" and headers["X-RateLimit-Scope"] == "user"
    assert (await rest("POST", other, {"content": "elsewhere"}))[0] == 200
    clock.now += told["retry_after"]
    assert (await rest("POST", path, {"content": "5"}))[0] == 200


async def test_a_third_rename_in_ten_minutes_is_refused_though_the_headers_say_otherwise(
    scene: Scene, rest: Rest
) -> None:
    thread = await scene.ann.create_thread(scene.text, "a talk")
    scene.discord.set_overwrite(scene.text, scene.app.user_id, allow=bits.MANAGE_THREADS)
    for name in ("one", "two"):
        assert (await rest("PATCH", f"/channels/{thread['id']}", {"name": name}))[0] == 200
    status, told, headers = await rest("PATCH", f"/channels/{thread['id']}", {"name": "three"})
    assert status == 429
    assert told["retry_after"] > 590
    assert int(headers["X-RateLimit-Remaining"]) > 0
    assert (await rest("PATCH", f"/channels/{thread['id']}", {"archived": True}))[0] == 200
    assert [each["type"] for each in scene.discord.messages(int(thread["id"]))] == [4, 4]


async def test_the_global_limit_counts_everything_but_interactions(scene: Scene, rest: Rest) -> None:
    answers = await asyncio.gather(*(rest("GET", "/users/@me") for _ in range(60)))
    limited = [each for each in answers if each[0] == 429]
    assert limited and all(each[1]["global"] and each[2]["X-RateLimit-Global"] == "true" for each in limited)
    assert (await rest("POST", "/interactions/1/x/callback", {"type": 5}))[0] == 404


async def test_edits_of_old_messages_are_limited_further(
    still: Scene, session: aiohttp.ClientSession
) -> None:
    clock, text, rest = still.clock, still.text, Rest(session, still.discord.api_url, TOKEN)
    message = (await rest("POST", f"/channels/{text.id}/messages", {"content": "x"}))[1]["id"]
    codes = []
    for number in range(6):
        clock.now += 3601 if number == 0 else 6
        path = f"/channels/{text.id}/messages/{message}"
        codes.append(await rest.code("PATCH", path, {"content": str(number)}))
    assert codes == [0, 0, 0, 0, 0, 30046]
