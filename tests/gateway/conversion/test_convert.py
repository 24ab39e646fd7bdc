"""Messages of a local Discord, as discord.py reads them, become our values."""

from __future__ import annotations

import dataclasses
from typing import Any

import discord
import pytest

from bot.conversation.bounds import QUOTED_CHARS
from bot.conversation.intake import Facts, Where
from bot.conversation.message import Embed, Mention, Message, Poll, Quoted
from bot.conversation.unseen import LOTTIE
from bot.gateway.conversion import convert, reading
from bot.gateway.conversion.quoted import NOTHING_FORWARDED, to_quoted
from bot.local.simulator.discord import stickers
from tests.gateway.conftest import Post

EMBED = {
    "title": "Build 7",
    "description": "failed for <@1>",
    "url": "https://ci.example/7",
    "fields": [{"name": "branch", "value": "main"}],
    "author": {"name": "CI"},
    "footer": {"text": "today"},
    "image": {"url": "https://ci.example/7.png"},
}
READ = Embed(
    "Build 7", "failed for @somebody", (("branch", "main"),), "CI", "today", "https://ci.example/7", True
)


async def newest(post: Post) -> discord.Message:
    """The newest message of the thread, as a listing shows it."""
    channel: Any = await post.client.fetch_channel(post.thread)
    (found,) = await reading.messages(post.client, channel, limit=1)
    return found


async def converted(post: Post) -> Message:
    return convert.to_message(await newest(post))


async def facts(post: Post) -> Facts:
    assert post.client.user
    return convert.facts(await newest(post), Where.OWN_THREAD, post.client.user)


async def test_a_forward_is_a_quote_without_an_author_whose_files_are_those_of_the_copy(post: Post) -> None:
    files = [("a.txt", "text/plain", b"abc")]
    original = await post.ann.post(post.channel, "hello <@1>", attachments=files)
    await post.ann.forward(post.thread, post.channel, original["id"])
    message = await converted(post)
    (quote,) = message.quotes
    assert (message.text, quote.kind, quote.channel, quote.remark) == ("", "forward", post.channel, "")
    (said,) = quote.messages
    assert (said.id, said.author, said.by_app) == (int(original["id"]), None, False)
    assert said.text == "hello @somebody"
    (file,) = said.attachments
    assert (file.filename, file.id) == ("a.txt", int(original["attachments"][0]["id"]))
    assert message.all_attachments == (file,)
    assert (await facts(post)).has_other_content


async def test_a_forward_of_another_persons_message_is_not_for_that_person(post: Post) -> None:
    ben = post.discord.add_user("ben", "Ben", next(iter(post.discord.world.guilds.values())))
    original = await ben.post(post.channel, "mine")
    await post.ann.forward(post.thread, post.channel, original["id"])
    assert not (await facts(post)).for_somebody_else


async def test_a_forward_without_anything_to_show_says_so(post: Post) -> None:
    original = await post.ann.post(post.channel, "soon empty")
    posted = await post.ann.forward(post.thread, post.channel, original["id"])
    copy = post.discord.world.messages[int(posted["id"])].forwarded
    assert copy
    copy.content = ""
    (quote,) = (await converted(post)).quotes
    assert (quote.messages, quote.remark) == ((), NOTHING_FORWARDED)


@pytest.mark.parametrize(
    ("format_type", "filename", "content_type", "is_read"),
    [
        (stickers.PNG, "wave.png", "image/png", True),
        (stickers.APNG, "wave.png", "image/png", True),
        (stickers.GIF, "wave.gif", "image/gif", True),
        (stickers.LOTTIE, "wave.json", LOTTIE, False),
    ],
)
async def test_a_sticker_is_a_name_and_a_picture_where_it_has_one(
    post: Post, format_type: int, filename: str, content_type: str, is_read: bool
) -> None:
    guild = next(iter(post.discord.world.guilds.values()))
    made = post.discord.add_sticker(guild, "wave", b"picture", format_type)
    await post.ann.post(post.thread, "", sticker_ids=[made.id])
    message = await converted(post)
    assert message.stickers == ("wave",)
    (picture,) = message.attachments
    assert (picture.id, picture.filename, picture.content_type) == (made.id, filename, content_type)
    assert bool(picture.remark) is not is_read
    assert (await facts(post)).has_other_content


async def test_a_poll_has_its_votes_where_they_are_known(post: Post) -> None:
    posted = await post.ann.ask_poll(post.thread, "Which?", ["wool", "silk"])
    assert (await converted(post)).poll == Poll("Which?", (("wool", None), ("silk", None)))
    assert (await facts(post)).has_other_content
    await post.ann.vote(post.thread, posted["id"], 1)
    assert (await converted(post)).poll == Poll("Which?", (("wool", 1), ("silk", 0)))


async def test_a_closed_poll_is_closed_and_its_result_is_no_ordinary_message(post: Post) -> None:
    posted = await post.ann.ask_poll(post.thread, "Which?", ["wool", "silk"])
    await post.ann.end_poll(post.thread, posted["id"])
    assert not (await facts(post)).is_ordinary
    channel: Any = await post.client.fetch_channel(post.thread)
    _, poll = await reading.messages(post.client, channel, limit=2)
    assert convert.to_message(poll).poll == Poll("Which?", (("wool", 0), ("silk", 0)), is_closed=True)


async def test_the_previews_of_a_persons_links_are_left_out_unless_they_are_all_there_is(post: Post) -> None:
    posted = await post.ann.post(post.thread, "see https://example.org")
    preview = {"type": "link", "url": "https://example.org", "title": "Example"}
    post.discord.unfurl(int(posted["id"]), preview)
    assert (await converted(post)).embeds == ()
    post.discord.world.messages[int(posted["id"])].content = ""
    assert (await converted(post)).embeds == (Embed("Example", url="https://example.org"),)
    assert (await facts(post)).has_other_content


async def test_a_webhooks_post_is_quoted_with_its_embeds_and_marked(post: Post) -> None:
    thread = post.discord.world.channels[post.thread]
    post.discord.post_as_webhook(thread, "Captain", "built", [EMBED])
    quoted = to_quoted(await newest(post))
    assert quoted.author
    assert (quoted.author.name, quoted.by_app, quoted.text) == ("Captain", True, "built")
    assert quoted.embeds == (READ,)


async def test_a_persons_message_is_quoted_with_everything_but_previews(post: Post) -> None:
    guild = next(iter(post.discord.world.guilds.values()))
    made = post.discord.add_sticker(guild, "wave", b"picture")
    files = [("a.txt", "text/plain", b"abc")]
    posted = await post.ann.post(
        post.thread, "see https://example.org", attachments=files, sticker_ids=[made.id]
    )
    post.discord.unfurl(int(posted["id"]), {"type": "rich", "url": "https://example.org", "title": "Example"})
    quoted = to_quoted(await newest(post))
    assert quoted.author
    assert (quoted.author.username, quoted.by_app) == ("ann", False)
    assert [each.filename for each in quoted.attachments] == ["a.txt", "wave.png"]
    assert (quoted.stickers, quoted.embeds) == (("wave",), ())


async def test_a_quote_is_bounded_in_each_of_its_parts(post: Post) -> None:
    embed = {"description": "x" * 4000, "fields": [{"name": "n", "value": "v"}] * 25}
    posted = post.discord.post_as_webhook(
        post.discord.world.channels[post.thread], "CI", "y" * 2000, [embed, {"title": "z"}]
    )
    post.discord.world.messages[int(posted["id"])].content = "y" * 4000
    quoted = to_quoted(await newest(post))
    assert len(quoted.text) == QUOTED_CHARS
    assert quoted.text.endswith("[… shortened]")
    assert len(quoted.embeds[0].description) == 2000
    assert quoted.embeds[1].title == "z"


async def test_components_in_place_of_content_are_read_as_text(post: Post) -> None:
    posted = post.discord.post_as_webhook(post.discord.world.channels[post.thread], "CI", "x")
    message = post.discord.world.messages[int(posted["id"])]
    message.content, message.flags = "", 1 << 15
    message.components = [
        {"type": 10, "id": 1, "content": "one"},
        {"type": 17, "id": 2, "components": [{"type": 10, "id": 3, "content": "two"}]},
    ]
    assert to_quoted(await newest(post)).text == "one\ntwo"


async def test_a_plain_message_holds_text_alone(post: Post) -> None:
    posted = await post.ann.post(post.thread, "hello")
    message = await converted(post)
    assert message == Message(int(posted["id"]), message.author, "hello", mentions=())
    quoted = to_quoted(await newest(post))
    assert dataclasses.replace(quoted, author=None) == Quoted(int(posted["id"]), "hello", mentions=())
    assert not (await facts(post)).has_other_content


async def test_a_forward_is_quoted_with_the_words_that_it_passes_on(post: Post) -> None:
    ben = post.discord.add_user("ben", "Ben", next(iter(post.discord.world.guilds.values())))
    original = await post.ann.post(post.channel, "the loom", attachments=[("a.txt", "text/plain", b"abc")])
    posted = await ben.forward(post.thread, post.channel, original["id"])
    quoted = to_quoted(await newest(post))
    assert quoted.author is not None
    assert (quoted.id, quoted.author.username, quoted.forwards) == (int(posted["id"]), "ben", True)
    assert (quoted.text, [file.filename for file in quoted.attachments]) == ("the loom", ["a.txt"])


async def test_a_message_tells_by_id_whom_its_text_mentions_and_not_whom_it_answers(post: Post) -> None:
    ann = post.ann.user
    first = await post.ann.post(post.thread, "hello")
    await post.ann.post(post.thread, f"<@{ann.id}>, <@7>, `<@{ann.id}>` and @Ann", reply_to=first["id"])
    ann_by_id = (Mention(ann.id, "Ann"),)
    assert (await converted(post)).mentions == ann_by_id
    assert to_quoted(await newest(post)).mentions == ann_by_id
    await post.ann.post(post.thread, "no mention", reply_to=first["id"])
    assert (await converted(post)).mentions == ()
