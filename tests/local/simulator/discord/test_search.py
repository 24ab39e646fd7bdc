"""The local Discord's search of messages and of members, held against the documentation."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.local.simulator.discord import permissions as bits
from tests.local.simulator import openapi
from tests.local.simulator.discord.conftest import Scene
from tests.local.simulator.discord.rest import Rest


async def found(rest: Rest, scene: Scene, query: str) -> list[str]:
    _, told, _ = await rest("GET", f"/guilds/{scene.guild.id}/messages/search?{query}")
    return [each["content"] for (each,) in told["messages"]]


async def test_messages_are_found_by_words_author_channel_and_time_the_latest_first(
    scene: Scene, rest: Rest
) -> None:
    other = scene.discord.add_channel(scene.guild, "other")
    ben = scene.discord.add_user("ben", "Ben", scene.guild)
    first = await scene.ann.post(scene.text, "red wool")
    await ben.post(other, "Blue WOOL yarn")
    last = await scene.ann.post(scene.text, "silk")
    assert await found(rest, scene, "content=wool") == ["Blue WOOL yarn", "red wool"]
    assert await found(rest, scene, "content=yarn%20blue") == ["Blue WOOL yarn"]
    assert await found(rest, scene, f"author_id={ben.id}") == ["Blue WOOL yarn"]
    assert await found(rest, scene, f"channel_id={scene.text.id}&channel_id={other.id}&limit=1") == ["silk"]
    assert await found(rest, scene, f"content=wool&channel_id={scene.text.id}") == ["red wool"]
    assert await found(rest, scene, f"min_id={first['id']}&max_id={last['id']}") == ["Blue WOOL yarn"]
    assert await found(rest, scene, "offset=2") == ["red wool"]
    if openapi.document_path().is_file():
        openapi.check_answers(scene.discord.requests)


async def test_the_threads_of_the_hits_come_along_also_archived_ones_and_no_reactions(
    scene: Scene, rest: Rest
) -> None:
    thread = await scene.ann.create_thread(scene.text, "looms")
    message = await scene.ann.post(thread["id"], "a loom")
    await scene.ann.react(thread["id"], message["id"], "🧶")
    await scene.ann.edit_thread(thread["id"], archived=True)
    _, told, _ = await rest("GET", f"/guilds/{scene.guild.id}/messages/search?content=loom")
    assert [each["id"] for each in told["threads"]] == [thread["id"]]
    hit = told["messages"][0][0]
    assert (hit["id"], hit["hit"]) == (message["id"], True)
    assert "reactions" not in hit
    if openapi.document_path().is_file():
        openapi.check_answers(scene.discord.requests)


async def test_only_what_the_bot_may_read_is_found_and_adult_channels_on_request(
    scene: Scene, rest: Rest
) -> None:
    hidden = scene.discord.add_channel(scene.guild, "hidden")
    without_history = scene.discord.add_channel(scene.guild, "no history")
    adult = scene.discord.add_channel(scene.guild, "adult")
    adult.nsfw = True
    for channel in (hidden, without_history, adult):
        await scene.ann.post(channel, "wool")
    scene.discord.set_overwrite(hidden, scene.app.user_id, deny=bits.VIEW_CHANNEL)
    scene.discord.set_overwrite(without_history, scene.app.user_id, deny=bits.READ_MESSAGE_HISTORY)
    private = await scene.ann.create_thread(scene.text, "among us", private=True)
    await scene.ann.post(private["id"], "wool")
    assert await found(rest, scene, "content=wool") == []
    assert await found(rest, scene, "content=wool&include_nsfw=true") == ["wool"]


async def test_a_server_without_an_index_is_answered_with_202(scene: Scene, rest: Rest) -> None:
    scene.discord.world.index_waits = 1
    path = f"/guilds/{scene.guild.id}/messages/search?content=wool"
    status, told, _ = await rest("GET", path)
    assert (status, told["code"], told["retry_after"]) == (202, 110000, 1)
    assert (await rest("GET", path))[0] == 200
    if openapi.document_path().is_file():
        openapi.check_answers(scene.discord.requests)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=26",
        "offset=9976",
        "offset=x",
        "content=" + "x" * 1025,
        "author_id=ann",
        "channel_id=1&channel_id=1",
        "&".join(f"channel_id={number}" for number in range(501)),
    ],
)
async def test_a_search_that_the_document_does_not_allow_is_refused(
    scene: Scene, rest: Rest, query: str
) -> None:
    assert await rest.code("GET", f"/guilds/{scene.guild.id}/messages/search?{query}") == 50035


async def test_a_bot_without_the_content_intent_may_not_search(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    app = scene.discord.add_application("Strict", "strict", intents_enabled=0)
    scene.discord.add_bot(scene.guild, app)
    strict = Rest(session, scene.discord.api_url, "strict")
    assert await strict.code("GET", f"/guilds/{scene.guild.id}/messages/search?content=x") == 50001
    assert await strict.code("GET", "/guilds/1/messages/search?content=x") == 10004


async def test_members_are_found_by_the_beginning_of_a_name(scene: Scene, rest: Rest) -> None:
    ben = scene.discord.add_user("benedict", "Ben", scene.guild)
    scene.guild.members[ben.id].nick = "Weaver"

    async def named(query: str) -> list[Any]:
        _, told, _ = await rest("GET", f"/guilds/{scene.guild.id}/members/search?{query}")
        return [each["user"]["username"] for each in told]

    assert await named("query=BEN&limit=5") == ["benedict"]
    assert await named("query=weav") == ["benedict"]
    assert await named("query=edict") == []
    assert await rest.code("GET", f"/guilds/{scene.guild.id}/members/search?query=") == 50035
    if openapi.document_path().is_file():
        openapi.check_answers(scene.discord.requests)
