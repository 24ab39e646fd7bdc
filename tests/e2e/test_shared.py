"""What people pass on, as Claude gets it: forwards, stickers and polls, with words of their own and without."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation import wording
from bot.conversation.unseen import EMBED_PICTURE, STICKER_DRAWING
from bot.local.simulator.discord import stickers
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")

EMBED = {
    "title": "Build 7",
    "description": "failed",
    "fields": [{"name": "branch", "value": "main"}],
    "image": {"url": "https://ci.example/7.png"},
}


async def asked(world: World, posted: dict[str, Any]) -> list[dict[str, Any]]:
    """Wait until a message is answered, and return the blocks of the request."""
    await world.settled(posted)
    blocks: list[dict[str, Any]] = world.asked[-1].body["messages"][-1]["content"]
    return blocks


def text_of(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(block["text"] for block in blocks if block["type"] == "text")


async def test_a_forward_alone_is_answered_with_its_text_and_its_file(world: World) -> None:
    elsewhere = world.channel()
    original = await world.ben.post(
        elsewhere,
        f"what is wrong here, {world.mention}?",
        attachments=[("loom.png", "image/png", samples.picture("PNG"))],
    )
    thread = await world.converse(world.channel(), "hello")
    blocks = await asked(world, await world.ann.forward(thread, elsewhere, original["id"]))
    message, quote, image = blocks
    assert message["text"].startswith('<message from="Ann" username="ann"')
    assert '<quote of="forward">\n<said at="' in quote["text"]
    assert "what is wrong here, @Bobbin?" in quote["text"]
    assert "ben" not in quote["text"].lower()
    assert '<attachment name="loom.png" type="image/png" shown="below"/>' in quote["text"]
    assert (image["type"], image["source"]["type"]) == ("image", "file")


async def test_a_forward_in_a_direct_message_is_answered(world: World) -> None:
    elsewhere = world.channel()
    original = await world.ben.post(elsewhere, "the plan")
    place = await world.dm_of(world.ann)
    blocks = await asked(world, await world.ann.forward(place, elsewhere, original["id"]))
    assert "the plan" in text_of(blocks)


async def test_a_forward_that_holds_an_embed_only_is_answered_and_its_picture_is_missed(world: World) -> None:
    elsewhere = world.channel()
    hook = world.discord.post_as_webhook(world.discord.world.channels[elsewhere], "CI", "", [EMBED])
    thread = await world.converse(world.channel(), "hello")
    world.claude.say("It failed.")
    text = text_of(await asked(world, await world.ann.forward(thread, elsewhere, hook["id"])))
    assert '<embed title="Build 7" picture="not shown to you">\nfailed\nbranch: main\n</embed>' in text
    *_, reply, notice = world.said(thread)
    assert reply["content"] == "It failed."
    assert notice["content"] == wording.small(EMBED_PICTURE)


async def test_the_file_of_a_forward_is_read_when_its_url_has_expired(world: World) -> None:
    elsewhere = world.channel()
    original = await world.ben.post(elsewhere, "look", attachments=[("a.txt", "text/plain", b"hello there")])
    thread = await world.converse(world.channel(), "hello")
    world.discord.world.cdn_secret, before = "another", world.discord.world.cdn_secret
    try:
        posted = await world.ann.forward(thread, elsewhere, original["id"])
        world.discord.world.cdn_secret = before
        blocks = await asked(world, posted)
    finally:
        world.discord.world.cdn_secret = before
    assert "hello there" in text_of(blocks)


@pytest.mark.parametrize("words", ["", "a knot"])
async def test_a_sticker_is_named_and_its_picture_is_shown(world: World, words: str) -> None:
    made = world.discord.add_sticker(world.guild, "tangled", samples.picture("PNG"))
    thread = await world.converse(world.channel(), "hello")
    blocks = await asked(world, await world.ann.post(thread, words, sticker_ids=[made.id]))
    assert words in blocks[0]["text"]
    assert (
        '<sticker name="tangled"/>\n<attachment name="tangled.png" type="image/png" shown="below"/>'
    ) in blocks[0]["text"]
    assert [block["type"] for block in blocks] == ["text", "image"]


async def test_a_sticker_without_a_picture_is_named_and_the_person_is_told(world: World) -> None:
    made = world.discord.add_sticker(world.guild, "wumpus", b'{"v": "5.5.2"}', stickers.LOTTIE)
    thread = await world.converse(world.channel(), "hello")
    (block,) = await asked(world, await world.ann.post(thread, "", sticker_ids=[made.id]))
    assert '<sticker name="wumpus"/>\n<attachment name="wumpus.json"' in block["text"]
    assert "5.5.2" not in block["text"]
    assert world.said(thread)[-1]["content"] == wording.small(STICKER_DRAWING)


@pytest.mark.parametrize("words", ["", "what would you take?"])
async def test_a_poll_is_read_and_neither_votes_nor_its_end_ask_again(world: World, words: str) -> None:
    thread = await world.converse(world.channel(), "hello")
    posted = await world.ann.ask_poll(thread, "Which yarn?", ["wool", "silk"], content=words)
    (block,) = await asked(world, posted)
    assert words in block["text"]
    assert (
        '<poll question="Which yarn?">\n<answer text="wool"/>\n<answer text="silk"/>\n</poll>'
        in block["text"]
    )
    requests = len(world.asked)
    await world.ben.vote(thread, posted["id"], 1)
    await world.ann.end_poll(thread, posted["id"])
    await world.settled(await world.ann.post(thread, "and now?"))
    assert len(world.asked) == requests + 1
    assert world.asked[-1].body["messages"][-3]["content"][-1]["text"] == block["text"]
    assert "poll_result" not in str(world.asked[-1].body)


async def test_previews_of_links_are_not_sent_and_change_nothing(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    posted = await world.ann.post(thread, "see https://example.org")
    preview = {"type": "link", "url": "https://example.org", "title": "An example"}
    world.discord.unfurl(int(posted["id"]), preview)
    await world.settled(posted)
    await world.settled(await world.ann.post(thread, "and now?"))
    assert "An example" not in str(world.asked[-1].body)


async def test_a_post_of_another_bot_is_not_answered_and_a_forward_of_it_is(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    builder = world.another_bot("Builder")
    requests = len(world.asked)
    post = await builder.post(thread, "", embeds=[EMBED | {"image": {}}])
    blocks = await asked(world, await world.ann.forward(thread, thread, post["id"]))
    assert len(world.asked) == requests + 1
    assert '<embed title="Build 7">' in text_of(blocks)


async def test_an_edit_beside_a_forward_changes_the_words_and_keeps_the_quote(world: World) -> None:
    elsewhere = world.channel()
    original = await world.ben.post(elsewhere, "the plan")
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(None)
    words = await world.ann.post(thread, "first words")
    await gate.reached()
    forward = await world.ann.forward(thread, elsewhere, original["id"])
    gate.release()
    await world.settled(words)
    await world.until(lambda: "the plan" in str(world.asked[-1].body))
    await world.answered(thread)
    await world.settled(await world.ann.post(thread, "next"))
    await world.ann.edit(thread, int(words["id"]), "other words")
    await world.bots[0].logged("message_edited", message=int(words["id"]))
    await world.settled(await world.ann.post(thread, "and now?"))
    sent = str(world.asked[-1].body)
    assert "other words" in sent
    assert "first words" not in sent
    assert "the plan" in sent
    assert int(forward["id"]) > int(words["id"])
