"""Forwards, stickers, polls and embeds, as discord.py reads them and as people make them."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord as discordpy
import pytest

from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord import stickers
from bot.local.simulator.discord.errors import ApiError
from tests.files import samples
from tests.local.simulator.discord.conftest import Client, Scene, running

EMBED = {"title": "Build 7", "description": "failed", "fields": [{"name": "branch", "value": "main"}]}


class Reader(Client):
    """A bot that keeps the messages of its events."""

    def __init__(self, intents: discordpy.Intents | None = None) -> None:
        super().__init__(intents)
        self.got: list[discordpy.Message] = []

    async def on_message(self, message: discordpy.Message) -> None:
        self.got.append(message)


async def refused(action: Any, code: int) -> None:
    with pytest.raises(ApiError) as caught:
        await action
    assert caught.value.code == code


@pytest.mark.usefixtures("pointed")
async def test_a_forward_is_a_copy_without_an_author_that_nothing_changes(scene: Scene) -> None:
    elsewhere = scene.discord.add_channel(scene.guild, "elsewhere")
    original = await scene.ann.post(elsewhere, "the plan", attachments=[("a.txt", "text/plain", b"abc")])
    async with running(Reader()) as client:
        posted = await scene.ann.forward(scene.text, elsewhere, original["id"])
        await client.hear("MESSAGE_CREATE")
        await scene.ann.edit(elsewhere, original["id"], "another plan")
        await scene.ann.delete(elsewhere, original["id"])
        await client.hear("MESSAGE_DELETE")
        assert isinstance(client, Reader)
        (message,) = client.got
        fetched = await message.fetch()
        assert fetched.message_snapshots[0].content == "the plan"
    assert (message.content, message.type) == ("", discordpy.MessageType.default)
    assert message.flags.forwarded
    assert message.reference
    assert message.reference.type is discordpy.MessageReferenceType.forward
    assert message.reference.message_id == int(original["id"])
    (snapshot,) = message.message_snapshots
    assert snapshot.content == "the plan"
    assert [each.filename for each in snapshot.attachments] == ["a.txt"]
    assert "author" not in posted["message_snapshots"][0]["message"]
    assert (
        scene.discord.message(int(posted["id"]))["message_snapshots"][0]["message"]["content"] == "the plan"
    )


async def test_a_copy_of_a_copy_is_the_same_copy_and_its_file_outlives_the_original(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    original = await scene.ann.post(scene.text, "look", attachments=[("a.txt", "text/plain", b"abc")])
    first = await scene.ann.forward(scene.text, scene.text, original["id"])
    second = await scene.ann.forward(scene.text, scene.text, first["id"])
    await scene.ann.delete(scene.text, original["id"])
    shown = scene.discord.message(int(second["id"]))["message_snapshots"][0]["message"]
    assert shown["content"] == "look"
    assert "message_snapshots" not in shown
    async with session.get(shown["attachments"][0]["url"]) as response:
        assert await response.read() == b"abc"


async def test_only_what_one_can_read_is_forwarded_and_never_a_poll_or_a_system_message(scene: Scene) -> None:
    secret = scene.discord.add_channel(scene.guild, "secret")
    original = await scene.ann.post(secret, "hidden")
    scene.discord.set_overwrite(secret, scene.ann.id, deny=bits.READ_MESSAGE_HISTORY)
    await refused(scene.ann.forward(scene.text, secret, original["id"]), 160014)
    scene.discord.set_overwrite(secret, scene.ann.id, deny=bits.VIEW_CHANNEL)
    await refused(scene.ann.forward(scene.text, secret, original["id"]), 50001)
    poll = await scene.ann.ask_poll(scene.text, "Which?", ["wool"])
    await refused(scene.ann.forward(scene.text, scene.text, poll["id"]), 50035)


@pytest.mark.parametrize(
    ("format_type", "ending"),
    [(stickers.PNG, "png"), (stickers.APNG, "png"), (stickers.GIF, "gif"), (stickers.LOTTIE, "json")],
)
@pytest.mark.usefixtures("pointed")
async def test_a_sticker_has_its_picture_at_an_address_without_a_signature(
    scene: Scene, session: aiohttp.ClientSession, format_type: int, ending: str
) -> None:
    made = scene.discord.add_sticker(scene.guild, "wave", b"picture", format_type)
    async with running(Reader()) as client:
        await scene.ann.post(scene.text, "", sticker_ids=[made.id])
        await client.hear("MESSAGE_CREATE")
        assert isinstance(client, Reader)
        (message,) = client.got
        assert (await message.fetch()).stickers == message.stickers
    (sticker,) = message.stickers
    assert (sticker.name, sticker.id) == ("wave", made.id)
    assert sticker.url.endswith(f"/stickers/{made.id}.{ending}")
    for asked, status in ((ending, 200), ("webp", 404)):
        async with session.get(f"{scene.discord.page_url}stickers/{made.id}.{asked}") as response:
            assert response.status == status


async def test_a_sticker_is_sent_in_its_own_server_only(scene: Scene) -> None:
    other = scene.discord.add_guild("Potters")
    made = scene.discord.add_sticker(other, "pot", samples.picture("PNG", (16, 16)))
    await refused(scene.ann.post(scene.text, "", sticker_ids=[made.id]), 50081)
    await refused(scene.ann.post(scene.text, "", sticker_ids=[made.id] * 4), 50035)


@pytest.mark.usefixtures("pointed")
async def test_a_polls_event_has_no_results_and_its_listing_has_them(scene: Scene) -> None:
    async with running(Reader()) as client:
        posted = await scene.ann.ask_poll(scene.text, "Which yarn?", ["wool", "silk"])
        await client.hear("MESSAGE_CREATE")
        assert isinstance(client, Reader)
        (message,) = client.got
        assert message.poll
        assert [answer.text for answer in message.poll.answers] == ["wool", "silk"]
        await scene.ann.vote(scene.text, posted["id"], 2)
        await scene.ann.vote(scene.text, posted["id"], 1)
        fetched = await message.fetch()
        assert fetched.poll
        assert [answer.vote_count for answer in fetched.poll.answers] == [1, 0]
        await scene.ann.end_poll(scene.text, posted["id"])
        await client.hear("MESSAGE_CREATE", 2)
        result = client.got[-1]
        assert result.type is discordpy.MessageType.poll_result
        assert result.author.id == scene.ann.id
        fetched = await message.fetch()
        assert fetched.poll
        assert fetched.poll.is_finalised()
    fields = {field.name: field.value for field in result.embeds[0].fields}
    assert fields["victor_answer_text"] == "wool"
    await refused(scene.ann.vote(scene.text, posted["id"], 1), 520001)


async def test_only_its_author_ends_a_poll_and_nobody_votes_after_its_expiry(still: Scene) -> None:
    ben = still.discord.add_user("ben", "Ben", still.guild)
    posted = await still.ann.ask_poll(still.text, "Which?", ["wool"])
    await refused(ben.end_poll(still.text, posted["id"]), 50005)
    await ben.vote(still.text, posted["id"], 1)
    await ben.unvote(still.text, posted["id"])
    still.clock.now += 25 * 3600
    await refused(ben.vote(still.text, posted["id"], 1), 520001)


@pytest.mark.parametrize(
    "poll",
    [
        {"question": {"text": "q" * 301}, "answers": [{"poll_media": {"text": "a"}}]},
        {"question": {"text": "q"}, "answers": []},
        {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}] * 11},
        {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a" * 56}}]},
        {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}], "duration": 769},
        {"question": {}, "answers": [{"poll_media": {"text": "a"}}]},
    ],
)
async def test_a_poll_beyond_its_limits_is_refused(scene: Scene, poll: dict[str, Any]) -> None:
    await refused(scene.ann.post(scene.text, "", poll=poll), 50035)


@pytest.mark.usefixtures("pointed")
async def test_bots_and_webhooks_write_embeds_people_do_not_and_previews_come_later(scene: Scene) -> None:
    await refused(scene.ann.post(scene.text, "", embeds=[EMBED]), 20002)
    other = scene.discord.add_application("Builder", "another token")
    scene.discord.add_bot(scene.guild, other)
    async with running(Reader()) as client:
        await scene.discord.actor(other.user_id).post(scene.text, "", embeds=[EMBED])
        scene.discord.post_as_webhook(scene.text, "CI", "", [EMBED])
        linked = await scene.ann.post(scene.text, "see https://example.org")
        preview = {"type": "link", "url": "https://example.org", "title": "Example"}
        scene.discord.unfurl(int(linked["id"]), preview)
        await client.hear("MESSAGE_CREATE", 3)
        await client.hear("MESSAGE_UPDATE")
        assert isinstance(client, Reader)
        by_bot, by_webhook, by_ann = client.got
    assert by_bot.author.bot
    assert by_webhook.webhook_id
    assert [each.embeds[0].title for each in (by_bot, by_webhook, by_ann)] == [
        "Build 7",
        "Build 7",
        "Example",
    ]
    assert by_ann.edited_at is None


@pytest.mark.usefixtures("pointed")
async def test_without_message_content_a_bot_gets_neither_polls_nor_copies_nor_embeds(scene: Scene) -> None:
    original = await scene.ann.post(scene.text, "the plan", attachments=[("a.txt", "text/plain", b"abc")])
    made = scene.discord.add_sticker(scene.guild, "wave", b"picture")
    intents = discordpy.Intents(guilds=True, messages=True)
    async with running(Reader(intents)) as client:
        await scene.ann.forward(scene.text, scene.text, original["id"])
        await scene.ann.ask_poll(scene.text, "Which?", ["wool"])
        scene.discord.post_as_webhook(scene.text, "CI", "", [EMBED])
        await scene.ann.post(scene.text, "", sticker_ids=[made.id])
        await client.hear("MESSAGE_CREATE", 4)
        assert isinstance(client, Reader)
        forward, poll, embed, sticker = client.got
    (snapshot,) = forward.message_snapshots
    assert (snapshot.content, snapshot.attachments, poll.poll, embed.embeds) == ("", [], None, [])
    assert sticker.stickers


async def test_the_control_api_forwards_votes_and_posts_stickers_polls_and_webhooks(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    async def ask(method: str, path: str, **body: Any) -> Any:
        url = f"{scene.discord.page_url}control{path}"
        body |= {"as": str(scene.ann.id), "channel_id": str(scene.text.id)}
        async with session.request(method, url, json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    made = scene.discord.add_sticker(scene.guild, "wave", b"picture")
    state = await ask("GET", "/state")
    assert state["guilds"][0]["stickers"] == [{"id": str(made.id), "name": "wave", "format_type": 1}]
    sent = await ask("POST", "/messages", sticker_ids=[str(made.id)])
    assert sent["sticker_items"][0]["name"] == "wave"
    again = await ask("POST", "/forwards", from_channel_id=str(scene.text.id), message_id=sent["id"])
    assert again["message_snapshots"][0]["message"]["sticker_items"][0]["name"] == "wave"
    poll = {"question": {"text": "Which?"}, "answers": [{"poll_media": {"text": "wool"}}]}
    asked = await ask("POST", "/messages", poll=poll)
    voted = await ask("POST", "/votes", message_id=asked["id"], answer_id=1)
    assert voted["poll"]["results"]["answer_counts"] == [{"id": 1, "count": 1, "me_voted": True}]
    taken_back = await ask("DELETE", "/votes", message_id=asked["id"])
    assert taken_back["poll"]["results"]["answer_counts"] == []
    ended = await ask("POST", "/polls/end", message_id=asked["id"])
    assert ended["poll"]["results"]["is_finalized"]
    hook = await ask("POST", "/webhooks", username="CI", embeds=[EMBED])
    assert hook["embeds"][0]["title"] == "Build 7"
