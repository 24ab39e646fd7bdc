"""The control API: what the page relies on."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.local.simulator.discord.attachments import FILE_BYTES
from tests.local.simulator.discord.conftest import Client, Scene, running
from tests.local.simulator.discord.test_interactions import tree_of
from tests.patience import idle_timeout

Ask = Any


@pytest.fixture
def ask(scene: Scene, session: aiohttp.ClientSession) -> Ask:
    async def asked(method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        url = scene.discord.page_url + "control" + path
        async with session.request(method, url, json=body, headers=headers) as response:
            told = await response.json()
            assert response.status == status, told
            return told

    return asked


@contextlib.asynccontextmanager
async def events(scene: Scene, session: aiohttp.ClientSession, user_id: int) -> AsyncIterator[Any]:
    """Reads (name, data) from the event stream of a user."""
    async with session.get(scene.discord.page_url + f"control/events?as={user_id}") as response:
        assert response.content_type == "text/event-stream"
        assert (await response.content.readuntil(b"\n\n")).startswith(b":")

        async def read() -> tuple[str, Any]:
            async with idle_timeout(30):
                chunk = (await response.content.readuntil(b"\n\n")).decode()
            name, data = chunk.strip().split("\n")
            return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

        yield read


async def test_the_state_lists_servers_people_applications_and_direct_messages(
    scene: Scene, ask: Ask
) -> None:
    await scene.ann.create_thread(scene.text, "a talk")
    ben = scene.discord.add_user("ben", guild=scene.guild)
    await ben.create_thread(scene.text, "not for Ann", private=True)
    dm = await ask("POST", "/dms", {"as": str(scene.ann.id), "application_id": str(scene.app.id)})
    assert len((await ask("GET", "/state"))["guilds"][0]["channels"][0]["threads"]) == 2
    state = await ask("GET", f"/state?as={scene.ann.id}")
    assert {"id": str(scene.guild.id), "name": "@everyone"} in state["guilds"][0]["roles"]
    [channel] = state["guilds"][0]["channels"]
    [thread] = channel["threads"]
    keys = {"id", "name", "archived", "locked", "private", "last_message_id", "message_count"}
    assert set(thread) == keys
    assert [each["username"] for each in state["users"]] == ["ann", "ben"]
    application = {
        "id": str(scene.app.id),
        "user_id": str(scene.app.user_id),
        "name": "Bobbin",
        "online": False,
    }
    assert state["applications"] == [application]
    assert state["dms"] == [
        {"id": dm["id"], "user_id": str(scene.ann.id), "application_id": str(scene.app.id)}
    ]


async def test_an_admin_pins_and_unpins_by_the_page(scene: Scene, ask: Ask) -> None:
    admin = scene.discord.add_user("root", guild=scene.guild, permissions=1 << 3)
    posted = await scene.ann.post(scene.text, "keep this")
    one = {"as": str(admin.id), "channel_id": str(scene.text.id), "message_id": posted["id"]}
    await ask("POST", "/pins", one)
    assert scene.discord.message(posted["id"])["pinned"]
    await ask("DELETE", "/pins", one)
    assert not scene.discord.message(posted["id"])["pinned"]


async def test_a_user_posts_edits_reacts_and_deletes_and_another_sees_it(
    scene: Scene, ask: Ask, session: aiohttp.ClientSession
) -> None:
    ben = await ask("POST", "/users", {"username": "ben", "display_name": "Ben"})
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id)}
    async with events(scene, session, int(ben["id"])) as read:
        posted = await ask("POST", "/messages", where | {"content": "hello"})
        one = where | {"message_id": posted["id"]}
        await ask("PATCH", "/messages", one | {"content": "bye"})
        await ask("POST", "/reactions", one | {"emoji": "👍"})
        reply = await ask("POST", "/messages", where | {"content": "re", "reply_to": posted["id"]})
        assert reply["message_reference"]["message_id"] == posted["id"]
        shown = await ask("GET", f"/channels/{scene.text.id}/messages?as={ben['id']}&limit=2")
        assert [each["content"] for each in shown] == ["bye", "re"]
        assert shown[0]["reactions"][0]["count"] == 1
        await ask("DELETE", "/messages", one)
        names = [(await read())[0] for _ in range(5)]
        assert names == [
            "MESSAGE_CREATE",
            "MESSAGE_UPDATE",
            "MESSAGE_REACTION_ADD",
            "MESSAGE_CREATE",
            "MESSAGE_DELETE",
        ]


@pytest.mark.usefixtures("pointed")
async def test_commands_modals_and_buttons_work_through_the_page(
    scene: Scene, ask: Ask, session: aiohttp.ClientSession
) -> None:
    client = Client()
    tree = tree_of(client)
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id)}
    async with events(scene, session, scene.ann.id) as read, running(client):
        assert await read() == ("PRESENCE", {"application_id": str(scene.app.id), "online": True})
        await tree.sync()
        known = await ask("GET", f"/commands?application_id={scene.app.id}")
        assert {each["name"] for each in known} >= {"chat", "system", "Regenerate"}
        choices = await ask(
            "POST", "/autocomplete", where | {"name": "model", "options": {"name": "d"}, "focused": "name"}
        )
        assert [each["value"] for each in choices] == ["dora"]
        assert (await read())[1]["kind"] == "autocomplete"
        opened = await ask(
            "POST", "/commands", where | {"name": "system set", "options": {"scope": "thread"}}
        )
        name, told = await read()
        assert (name, told["kind"], told["interaction_id"]) == (
            "INTERACTION_RESPONSE",
            "modal",
            opened["interaction_id"],
        )
        await ask("POST", "/modals", where | opened | {"values": {"text": "be kind"}})
        name, told = await read()
        assert (name, told["content"], told["ephemeral"]) == ("MESSAGE_CREATE", "got be kind", True)
        assert (await read())[1]["message"]["content"] == "got be kind"
        mine = await ask("GET", f"/channels/{scene.text.id}/messages?as={scene.ann.id}")
        assert [each["ephemeral"] for each in mine] == [True]
        error = await ask("POST", "/commands", where | {"name": "ask"}, status=403)
        assert error == {"error": "The command 'ask' is not offered to this user in this channel."}


async def test_an_impossible_request_is_refused_in_one_line(scene: Scene, ask: Ask) -> None:
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id)}
    for body, status, said in (
        (where, 400, "'content'"),
        (where | {"content": "x" * 2001}, 400, "content: Must be 2000"),
        (where | {"content": "x", "as": "5"}, 404, "no user 5"),
        (where | {"content": "x", "channel_id": "5"}, 404, "Unknown Channel"),
        ({"content": "x"}, 400, "'as'"),
    ):
        told = await ask("POST", "/messages", body, status=status)
        assert set(told) == {"error"}
        assert said in told["error"]
        assert "\n" not in told["error"]


async def test_somebody_new_needs_a_name_that_can_be_shown(ask: Ask) -> None:
    for name in ("", "   ", "x" * 33):
        told = await ask("POST", "/users", {"username": "zoe", "display_name": name}, status=400)
        assert told["error"] == "A name has 1 to 32 characters."
    assert (await ask("POST", "/users", {"username": "zoe", "display_name": " Zoë "}))[
        "display_name"
    ] == "Zoë"
    assert (await ask("POST", "/users", {"username": "kim"}))["display_name"] == "kim"


async def test_the_page_serves_its_folder_and_nothing_above_it(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    async with session.get(scene.discord.page_url) as response:
        assert response.status == 200
    for path in ("static/%2e%2e/__init__.py", "static/..%2f__init__.py", "static/none.js"):
        async with session.get(scene.discord.page_url + path) as response:
            assert response.status == 404


async def test_a_user_posts_files_by_the_page(scene: Scene, session: aiohttp.ClientSession) -> None:
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id)}
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps(where | {"content": ""}))
    form.add_field("files[0]", b"\x89PNG", filename="a.png", content_type="image/png")
    form.add_field("files[1]", b"a log", filename="message.txt", content_type="text/plain")
    async with session.post(scene.discord.page_url + "control/messages", data=form) as response:
        told = await response.json()
        assert response.status == 200, told
    assert [(each["filename"], each["content_type"]) for each in told["attachments"]] == [
        ("a.png", "image/png"),
        ("message.txt", "text/plain"),
    ]
    async with session.get(told["attachments"][1]["url"]) as response:
        assert await response.read() == b"a log"


async def test_a_forum_post_is_opened_with_files_by_the_page(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    forum = scene.discord.add_channel(scene.guild, "ideas", kind="forum")
    form = aiohttp.FormData()
    where = {"as": str(scene.ann.id), "channel_id": str(forum.id), "name": "A loom", "content": ""}
    form.add_field("payload_json", json.dumps(where))
    form.add_field("files[0]", b"a plan", filename="plan.txt", content_type="text/plain")
    async with session.post(scene.discord.page_url + "control/posts", data=form) as response:
        told = await response.json()
        assert response.status == 200, told
    assert [each["filename"] for each in told["message"]["attachments"]] == ["plan.txt"]


async def test_ten_files_at_the_limit_are_taken_and_a_larger_one_is_refused(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id), "content": ""}
    for sizes, status in ([FILE_BYTES] * 10, 200), ([FILE_BYTES + 1], 400):
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps(where))
        for index, size in enumerate(sizes):
            form.add_field(f"files[{index}]", io.BytesIO(bytes(size)), filename=f"{index}.bin")
        async with session.post(scene.discord.page_url + "control/messages", data=form) as response:
            assert response.status == status, await response.text()


async def test_a_reply_pings_its_author_unless_the_page_says_otherwise(scene: Scene, ask: Ask) -> None:
    ben = scene.discord.add_user("ben", guild=scene.guild)
    posted = await ben.post(scene.text, "a question")
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id), "reply_to": posted["id"]}
    aloud = await ask("POST", "/messages", where | {"content": "yes"})
    assert [each["id"] for each in aloud["mentions"]] == [str(ben.id)]
    quiet = await ask("POST", "/messages", where | {"content": "yes", "ping": False})
    assert quiet["mentions"] == []
    assert quiet["referenced_message"]["id"] == posted["id"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_picture_has_its_size(scene: Scene, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, kind)
    posted = await scene.ann.post(scene.text, "", attachments=[("a", "image/x", file.getvalue())])
    (attachment,) = posted["attachments"]
    assert (attachment["width"], attachment["height"]) == (30, 20)


async def test_an_open_stream_does_not_keep_the_server_from_stopping(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    async with events(scene, session, scene.ann.id), idle_timeout(0.4):
        await scene.discord.stop()


async def test_a_wrong_shape_is_refused_too(scene: Scene, ask: Ask) -> None:
    where = {"as": str(scene.ann.id), "channel_id": str(scene.text.id)}
    await ask("POST", "/commands", where | {"name": "x", "options": ["y"]}, status=400)
    await ask("POST", "/components", where | {"message_id": "1", "custom_id": "x", "values": "y"}, status=400)
    await ask("GET", f"/channels/{scene.text.id}/messages?as={scene.ann.id}&limit=x", status=400)
