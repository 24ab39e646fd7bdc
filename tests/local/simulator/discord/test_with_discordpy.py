"""The unmodified discord.py as a client of the whole local Discord: REST and gateway together."""

from __future__ import annotations

import asyncio

import discord as discordpy
import pytest

from bot.local.simulator.discord.permissions import PIN_MESSAGES, VIEW_CHANNEL
from tests.local.simulator.discord.conftest import Client, Scene, running

pytestmark = pytest.mark.usefixtures("pointed")


async def test_a_message_becomes_a_thread_in_which_the_bot_posts_and_edits(scene: Scene) -> None:
    client = Client()
    got: asyncio.Queue[discordpy.Message] = asyncio.Queue()
    client.on_message = got.put  # type: ignore[attr-defined]
    async with running(client):
        posted = await scene.ann.post(scene.text, f"hello <@{scene.app.user_id}>")
        message = await asyncio.wait_for(got.get(), 30)
        assert message.content == posted["content"]
        assert [each.id for each in message.mentions] == [scene.app.user_id]
        thread = await message.create_thread(name="A talk")
        assert thread.id == message.id
        reply = await thread.send("one")
        await reply.edit(content="two")
    shown = scene.discord.messages(thread.id)
    assert [each["type"] for each in shown] == [21, 0]
    assert [each.content for each in scene.discord.history(reply.id)] == ["one", "two"]


async def test_a_repeated_nonce_is_the_same_message(scene: Scene) -> None:
    async with running(Client()) as client:
        channel = client.get_channel(scene.text.id)
        assert isinstance(channel, discordpy.TextChannel)
        first = await channel.send("once", nonce="n1")
        again = await channel.send("twice", nonce="n1")
        assert again.id == first.id
        await first.delete()
        with pytest.raises(discordpy.NotFound) as error:
            await channel.send("thrice", nonce="n1")
        assert error.value.code == 10008
    assert scene.discord.messages(scene.text.id) == []


async def test_sends_and_edits_share_five_in_five_seconds(scene: Scene) -> None:
    async with running(Client()) as client:
        channel = client.get_partial_messageable(scene.text.id)
        begun = asyncio.get_running_loop().time()
        message = await channel.send("0")
        for number in range(1, 4):
            await message.edit(content=str(number))
        last = asyncio.create_task(message.edit(content="4"))
        await scene.discord.until(lambda: len(scene.discord.history(message.id)) == 5)
        # The fifth is done at once, yet discord.py keeps its caller until the bucket is full again.
        assert not last.done()
        await last
        assert asyncio.get_running_loop().time() - begun > 4.9
    assert not [each for each in scene.discord.requests if each.status == 429]


async def test_a_dropped_socket_is_resumed_and_what_was_missed_is_replayed(scene: Scene) -> None:
    client = Client()
    got: asyncio.Queue[str] = asyncio.Queue()

    async def on_message(message: discordpy.Message) -> None:
        got.put_nowait(message.content)

    client.on_message = on_message  # type: ignore[attr-defined]
    async with running(client):
        [connection] = scene.discord.connections
        await connection.drop()
        await scene.discord.until(lambda: not scene.discord.connections)
        await scene.ann.post(scene.text, "while you were away")
        assert await asyncio.wait_for(got.get(), 30) == "while you were away"
        await scene.discord.until(lambda: scene.discord.connections)
        assert client.seen.count("READY") == 1
        await scene.ann.post(scene.text, "and now")
        assert await asyncio.wait_for(got.get(), 30) == "and now"
        assert "RESUMED" in client.seen
        assert got.empty()


async def test_an_invalid_session_is_identified_anew(scene: Scene) -> None:
    async with running(Client()) as client:
        [connection] = scene.discord.connections
        await connection.invalidate()
        await client.hear("READY", 2)
        assert [each["op"] for each in scene.discord.gateway.handshakes] == [2, 2]


async def test_a_reconnect_request_ends_in_a_resume(scene: Scene) -> None:
    async with running(Client()) as client:
        [connection] = scene.discord.connections
        await connection.reconnect()
        await client.hear("RESUMED")
        assert client.seen.count("READY") == 1


async def test_a_wrong_token_is_refused_by_rest_and_gateway(scene: Scene) -> None:
    with pytest.raises(discordpy.LoginFailure):
        async with running(Client(), "wrong"):
            pass
    client = Client()
    await client.login("a token for tests")
    client.http.token = "wrong"
    with pytest.raises(discordpy.ConnectionClosed) as error:
        await client.connect(reconnect=False)
    assert error.value.code == 4004
    await client.close()


async def test_an_intent_that_is_not_enabled_closes_with_4014(scene: Scene) -> None:
    scene.discord.add_application("Strict", "strict", intents_enabled=0)
    with pytest.raises(discordpy.PrivilegedIntentsRequired):
        async with running(Client(), "strict"):
            pass


async def test_without_the_content_intent_a_message_is_empty_unless_it_mentions_the_bot(scene: Scene) -> None:
    client = Client(discordpy.Intents(guilds=True, messages=True))
    got: asyncio.Queue[str] = asyncio.Queue()

    async def on_message(message: discordpy.Message) -> None:
        got.put_nowait(message.content)

    client.on_message = on_message  # type: ignore[attr-defined]
    async with running(client):
        await scene.ann.post(scene.text, "secret")
        await scene.ann.post(scene.text, f"<@{scene.app.user_id}> open")
        dm = await scene.ann.open_dm(scene.app.user_id)
        await scene.ann.post(dm, "between us")
        heard = [await asyncio.wait_for(got.get(), 30) for _ in range(3)]
        assert heard == ["", f"<@{scene.app.user_id}> open", "between us"]


async def test_an_archived_thread_wakes_when_it_is_written_in(scene: Scene) -> None:
    async with running(Client()) as client:
        made = await scene.ann.create_thread(scene.text, "a talk")
        await scene.ann.edit_thread(made, archived=True)
        thread = await client.fetch_channel(int(made["id"]))
        assert isinstance(thread, discordpy.Thread)
        assert thread.archived
        message = await thread.send("good morning")
        await client.hear("THREAD_UPDATE")
        assert not scene.discord.thread(int(made["id"]))["thread_metadata"]["archived"]
        await scene.ann.edit_thread(made, archived=True)
        with pytest.raises(discordpy.HTTPException) as error:
            await message.edit(content="too late")
        assert error.value.code == 50083


async def test_a_locked_thread_is_only_for_moderators(scene: Scene) -> None:
    moderator = scene.discord.add_user("mo", guild=scene.guild, permissions=1 << 34)
    async with running(Client()) as client:
        made = await moderator.create_thread(scene.text, "a talk")
        await moderator.edit_thread(made, locked=True)
        with pytest.raises(discordpy.HTTPException) as error:
            await client.get_partial_messageable(int(made["id"])).send("hello?")
        assert error.value.code == 160005


async def test_two_bots_with_one_token_both_hear_everything(scene: Scene) -> None:
    async with running(Client()) as one, running(Client()) as two:
        await scene.ann.post(scene.text, "hello")
        await one.hear("MESSAGE_CREATE")
        await two.hear("MESSAGE_CREATE")
        assert len(scene.discord.connections) == 2


async def test_a_forum_post_and_its_files_reach_the_bot(scene: Scene) -> None:
    forum = scene.discord.add_channel(scene.guild, "ideas", kind="forum")
    async with running(Client()) as client:
        made = await scene.ann.create_post(forum, "An idea", "see", [("a.txt", "text/plain", b"hello")])
        await client.hear("MESSAGE_CREATE")
        thread = await client.fetch_channel(int(made["id"]))
        assert isinstance(thread, discordpy.Thread)
        first = await thread.fetch_message(thread.id)
        assert await first.attachments[0].read() == b"hello"
        sent = await thread.send(file=discordpy.File(__file__, "this.py"))
        assert sent.attachments[0].filename == "this.py"


async def test_pins_are_listed_by_when_they_were_pinned_over_pages(scene: Scene) -> None:
    moderator = scene.discord.add_user("mod", guild=scene.guild, permissions=PIN_MESSAGES | VIEW_CHANNEL)
    posted = [await scene.ann.post(scene.text, str(number)) for number in range(3)]
    async with running(Client()) as client:
        for number in (1, 0, 2):
            await moderator.pin(scene.text, posted[number]["id"])
        await moderator.unpin(scene.text, posted[2]["id"])
        channel = client.get_channel(scene.text.id)
        assert isinstance(channel, discordpy.TextChannel)
        pins = [each async for each in channel.pins()]
        assert [each.content for each in pins] == ["0", "1"]
        earlier = [each async for each in channel.pins(before=pins[0].pinned_at)]
        assert [each.content for each in earlier] == ["1"]


async def test_history_pages_pins_reactions_and_deletions(scene: Scene) -> None:
    async with running(Client()) as client:
        for number in range(130):
            await scene.ann.post(scene.text, str(number))
        channel = client.get_channel(scene.text.id)
        assert isinstance(channel, discordpy.TextChannel)
        everything = [each async for each in channel.history(limit=None, oldest_first=True)]
        assert [each.content for each in everything] == [str(number) for number in range(130)]
        await everything[0].add_reaction("👍")
        await scene.discord.until(lambda: scene.discord.messages(scene.text.id)[0].get("reactions"))
        with pytest.raises(discordpy.Forbidden):
            await everything[0].delete()
        with pytest.raises(discordpy.Forbidden):
            await everything[0].pin()
        await scene.ann.delete(scene.text, everything[0].id)
        await client.hear("MESSAGE_DELETE")
