"""What the routes of `rest/` answer, to the byte where libraries depend on it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.local.simulator.discord import commands
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import ApiError
from tests.local.simulator.discord.conftest import TOKEN, Scene
from tests.local.simulator.discord.rest import Rest


async def test_an_answer_is_plain_json_with_the_headers_of_its_bucket(scene: Scene, rest: Rest) -> None:
    path = f"/channels/{scene.text.id}/messages"
    status, told, headers = await rest("POST", path, {"content": "hello"})
    assert status == 200
    assert "guild_id" not in told
    assert headers["Content-Type"] == "application/json"
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("5", "4")
    _, _, edited = await rest("PATCH", f"{path}/{told['id']}", {"content": "bye"})
    assert edited["X-RateLimit-Bucket"] == headers["X-RateLimit-Bucket"]
    assert edited["X-RateLimit-Remaining"] == "3"


@pytest.mark.parametrize(
    ("body", "where", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": "x", "nonce": "n" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
        (
            {"embeds": [{"description": "x" * 4000}, {"description": "x" * 4000}]},
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        (
            {"content": "x", "message_reference": {"message_id": "1"}},
            "message_reference",
            "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
        ),
        (
            {"content": "x", "flags": 1 << 15, "components": [{"type": 10, "content": "y"}]},
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {
                "content": "x",
                "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "y"}]}],
            },
            "components.0.components.0.custom_id",
            "BASE_TYPE_REQUIRED",
        ),
        (
            {"content": "x", "components": [{"type": 10, "content": "y"}]},
            "components.0.type",
            "UNION_TYPE_CHOICES",
        ),
    ],
)
async def test_an_impossible_message_is_named_in_the_errors_tree(
    scene: Scene, rest: Rest, body: dict[str, object], where: str, code: str
) -> None:
    status, told, _ = await rest("POST", f"/channels/{scene.text.id}/messages", body)
    assert (status, told["code"], told["message"]) == (400, 50035, "Invalid Form Body")
    node = told["errors"]
    for step in where.split("."):
        node = node[step]
    assert node["_errors"][0]["code"] == code


async def test_what_is_not_there_or_not_allowed_has_its_code(scene: Scene, rest: Rest) -> None:
    here = f"/channels/{scene.text.id}"
    others = await scene.ann.post(scene.text, "mine")
    message = f"{here}/messages/{others['id']}"
    assert await rest.code("GET", "/channels/1") == 10003
    assert await rest.code("GET", f"{here}/messages/1") == 10008
    assert await rest.code("POST", f"{here}/messages", {"content": " "}) == 50006
    assert await rest.code("PATCH", message, {"content": "yours"}) == 50005
    assert await rest.code("DELETE", message) == 50013
    assert await rest.code("POST", f"{message}/threads", {"name": "one"}) == 0
    assert await rest.code("POST", f"{message}/threads", {"name": "two"}) == 160004
    assert (await rest("GET", "/nonsense"))[:2] == (404, {"message": "404: Not Found", "code": 0})
    assert (await rest("PUT", "/users/@me"))[0] == 405
    everyone = scene.guild.id
    for denied, method, path, body, code in (
        (bits.SEND_MESSAGES, "POST", f"{here}/messages", {"content": "x"}, 50013),
        (bits.CREATE_PUBLIC_THREADS, "POST", f"{here}/threads", {"name": "x", "type": 11}, 50013),
        (
            bits.SEND_MESSAGES_IN_THREADS,
            "POST",
            f"/channels/{others['id']}/messages",
            {"content": "x"},
            50013,
        ),
        (bits.VIEW_CHANNEL, "POST", f"{here}/messages", {"content": "x"}, 50001),
        (bits.READ_MESSAGE_HISTORY, "GET", message, None, 50001),
    ):
        scene.discord.set_overwrite(scene.text, everyone, deny=denied)
        assert await rest.code(method, path, body) == code, path
    reply = {"content": "x", "message_reference": {"message_id": others["id"]}}
    assert await rest.code("POST", f"{here}/messages", reply) == 160002
    assert (await rest("GET", f"{here}/messages"))[:2] == (200, [])


async def test_a_forum_that_requires_tags_refuses_a_post_without(scene: Scene, rest: Rest) -> None:
    forum = scene.discord.add_channel(scene.guild, "ideas", kind="forum")
    forum.flags |= 1 << 4
    body = {"name": "x", "message": {"content": "y"}}
    assert await rest.code("POST", f"/channels/{forum.id}/threads", body) == 40067
    assert await rest.code("POST", f"/channels/{forum.id}/messages", {"content": "x"}) == 50008


async def test_only_an_edit_of_the_text_finds_the_mentions_anew(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    text, rest = scene.text, Rest(session, scene.discord.api_url, TOKEN)
    nobody: dict[str, Any] = {"allowed_mentions": {"parse": []}}
    body = {"content": f"hello {scene.ann.mention}"} | nobody
    message = (await rest("POST", f"/channels/{text.id}/messages", body))[1]
    path = f"/channels/{text.id}/messages/{message['id']}"
    assert message["mentions"] == []
    assert (await rest("PATCH", path, {"components": []}))[1]["mentions"] == []
    assert (await rest("PATCH", path, {"flags": 4}))[1]["mentions"] == []
    [mentioned] = (await rest("PATCH", path, {"content": f"bye {scene.ann.mention}"}))[1]["mentions"]
    assert mentioned["id"] == str(scene.ann.id)
    assert (await rest("PATCH", path, {"components": []}))[1]["mentions"] == [mentioned]


async def test_an_interaction_is_answered_once_in_three_seconds_and_for_fifteen_minutes(
    still: Scene, session: aiohttp.ClientSession
) -> None:
    clock, app, text, ann = still.clock, still.app, still.text, still.ann
    rest = Rest(session, still.discord.api_url, TOKEN)
    body = [{"name": "chat", "description": "x"}]
    assert await rest.code("PUT", f"/applications/{app.id}/commands", body) == 0

    late = (await ann.command(text, "chat")).interaction
    clock.now += 3
    callback = f"/interactions/{late.id}/{late.token}/callback"
    assert await rest.code("POST", callback, {"type": 5}) == 10062

    asked = (await ann.command(text, "chat")).interaction
    callback, webhook = (
        f"/interactions/{asked.id}/{asked.token}/callback",
        f"/webhooks/{app.id}/{asked.token}",
    )
    assert await rest.code("POST", webhook, {"content": "too early"}) == 10015
    status, told, _ = await rest("POST", callback + "?with_response=true", {"type": 5})
    assert (status, told["interaction"]["response_message_loading"]) == (200, True)
    assert await rest.code("POST", callback, {"type": 5}) == 40060
    assert await rest.code("POST", callback, {"type": 9, "data": {}}) == 40060
    filled = (await rest("POST", webhook, {"content": "first"}))[1]
    assert filled["id"] == told["interaction"]["response_message_id"]
    clock.now += 895
    assert await rest.code("PATCH", f"{webhook}/messages/@original", {"content": "still"}) == 0
    clock.now += 10
    assert await rest.code("PATCH", f"{webhook}/messages/@original", {"content": "over"}) == 50027
    path = f"/channels/{text.id}/messages/{filled['id']}"
    assert await rest.code("PATCH", path, {"content": "as a normal message"}) == 0


async def test_an_attachment_is_had_only_by_its_signed_address(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    posted = await scene.ann.post(scene.text, "see", attachments=[("é.txt", "text/plain", b"hello")])
    url = posted["attachments"][0]["url"]
    async with session.get(url) as response:
        assert (response.status, await response.read()) == (200, b"hello")
    async with session.get(url.split("?")[0]) as response:
        assert response.status == 404
    async with session.get(url.replace("ex=", "ex=f")) as response:
        assert response.status == 404


async def test_a_nonce_comes_back_with_the_answer_but_is_in_no_history(scene: Scene, rest: Rest) -> None:
    path = f"/channels/{scene.text.id}/messages"
    _, told, _ = await rest("POST", path, {"content": "x", "nonce": "n", "enforce_nonce": True})
    assert told["nonce"] == "n"
    assert "nonce" not in (await rest("GET", path))[1][0]


async def test_without_the_content_intent_rest_shows_no_content_either(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    app = scene.discord.add_application("Strict", "strict", intents_enabled=0)
    scene.discord.add_bot(scene.guild, app)
    strict = Rest(session, scene.discord.api_url, "strict")
    await scene.ann.post(scene.text, "secret")
    await scene.ann.post(scene.text, f"<@{app.user_id}> open")
    dm = await scene.ann.open_dm(app.user_id)
    await scene.ann.post(dm, "between us")
    shown = (await strict("GET", f"/channels/{scene.text.id}/messages"))[1]
    assert [each["content"] for each in shown] == [f"<@{app.user_id}> open", ""]
    assert (await strict("GET", f"/channels/{dm['id']}/messages"))[1][0]["content"] == "between us"


async def test_a_webhook_writes_as_nobody_in_particular(scene: Scene, rest: Rest) -> None:
    posted = scene.discord.post_as_webhook(scene.text, "news", "extra")
    [shown] = (await rest("GET", f"/channels/{scene.text.id}/messages"))[1]
    assert shown["webhook_id"] == shown["author"]["id"] == posted["webhook_id"]
    assert shown["author"]["bot"] and shown["author"]["discriminator"] == "0000"


async def test_a_thread_opened_by_itself_is_private_unless_said_otherwise(scene: Scene, rest: Rest) -> None:
    path = f"/channels/{scene.text.id}/threads"
    assert (await rest("POST", path, {"name": "x"}))[1]["type"] == 12
    status, public, _ = await rest("POST", path, {"name": "y", "type": 11})
    assert (status, public["type"]) == (201, 11)
    [note] = scene.discord.messages(scene.text.id)
    assert (note["type"], note["content"], note["message_reference"]["channel_id"]) == (18, "y", public["id"])


async def test_embeds_and_files_need_their_own_permissions(scene: Scene, rest: Rest) -> None:
    path = f"/channels/{scene.text.id}/messages"
    scene.discord.set_overwrite(scene.text, scene.guild.id, deny=bits.EMBED_LINKS)
    assert await rest.code("POST", path, {"embeds": [{"title": "x"}]}) == 50013
    assert await rest.code("POST", path, {"content": "x"}) == 0


async def test_an_entry_point_command_is_not_removed_by_an_overwrite_that_leaves_it_out(
    scene: Scene, rest: Rest
) -> None:
    path = f"/applications/{scene.app.id}/commands"
    _, before, _ = await rest("GET", path)
    others = [{"name": each["name"], "description": "d"} for each in before if each["type"] == 1]
    launch = {"type": 4, "name": "launch", "description": "Launch", "handler": 2}
    assert (await rest("PUT", path, [*others, launch]))[0] == 200
    status, told, _ = await rest("PUT", path, others)
    assert (status, told["code"]) == (400, 50240)
    assert "launch" in {each["name"] for each in (await rest("GET", path))[1]}
    for wrong in ({**launch, "name": "more"}, {**launch, "handler": 3}):
        with pytest.raises(ApiError):
            commands.create(scene.discord.world, scene.app, None, wrong)
