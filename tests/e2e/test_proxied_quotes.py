"""What people quote through PluralKit or Tupperbox."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.conversation.quoting import Missing
from bot.local.simulator.discord import permissions as bits
from bot.turns.quote_outcome import MISSING
from tests.e2e.controls import sent
from tests.e2e.proxied import PLURALKIT
from tests.e2e.quotes_scene import link, quotes, said
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def reply_embed(original: dict[str, Any]) -> dict[str, Any]:
    """The embed by which PluralKit shows what a proxied message replies to."""
    address = f"https://discord.com/channels/1/{original['channel_id']}/{original['id']}"
    return {"author": {"name": "Ben"}, "description": f"[Reply to:]({address}) {original['content']}"}


async def test_a_proxied_reply_quotes_what_its_original_replies_to(world: World) -> None:
    place = await world.converse(world.channel(), "hello")
    loom = await world.ben.post(place, "// the blue loom")
    text = f"{world.mention} is it good?"
    original = await world.ann.post(place, f"L: {text}", reply_to=loom["id"])
    await world.settled(original)
    channel = world.discord.world.channels[place]
    copy = world.discord.post_as_webhook(channel, "Luna", text, [reply_embed(loom)], application_id=PLURALKIT)
    await world.ann.delete(place, original["id"])
    await world.settled(int(copy["id"]))
    (quote,) = quotes(world)
    assert said(quote) == [('from="Ben" username="ben"', "// the blue loom")]
    assert "Reply to:" not in sent(world)


async def test_a_proxied_reply_without_a_known_original_shows_the_embed_that_names_it(world: World) -> None:
    place = await world.converse(world.channel(), "hello")
    loom = await world.ben.post(place, "// the blue loom")
    channel = world.discord.world.channels[place]
    copy = world.discord.post_as_webhook(
        channel, "Luna", "is it good?", [reply_embed(loom)], application_id=PLURALKIT
    )
    await world.settled(int(copy["id"]))
    assert re.search(
        r'is it good\?\\n<embed author=\\"Ben\\">\\n\[Reply to:\].* the blue loom\\n</embed>', sent(world)
    )


async def test_a_link_in_a_proxied_message_is_opened_if_the_person_or_else_everybody_may_read_it(
    world: World,
) -> None:
    shown, hidden, here = world.channel(), world.channel(), world.channel()
    for place in (hidden, here):
        channel = world.discord.world.channels[place]
        world.discord.set_overwrite(channel, world.guild.id, deny=bits.VIEW_CHANNEL)
        for who in (world.ann.id, world.app.user_id):
            world.discord.set_overwrite(channel, who, allow=bits.VIEW_CHANNEL)
    public, secret = (
        await world.ben.post(shown, "in the attic"),
        await world.ann.post(hidden, "under the mat"),
    )
    text = f"{world.mention} {link(world, public)} {link(world, secret)}"
    channel = world.discord.world.channels[here]
    original = await world.ann.post(here, f"L: {text}")
    await world.settled(original)
    copy = world.discord.post_as_webhook(channel, "Luna", text, application_id=PLURALKIT)
    await world.ann.delete(here, original["id"])
    await world.settled(int(copy["id"]))
    assert [text for quote in quotes(world) for _, text in said(quote)] == ["in the attic", "under the mat"]
    inside = world.discord.world.channels[int(copy["id"])]
    copy = world.discord.post_as_webhook(inside, "Luna", f"{text} again", application_id=PLURALKIT)
    await world.settled(int(copy["id"]))
    for_everybody, for_ann = quotes(world)
    assert "which stands above" in for_everybody
    assert MISSING[Missing.NOT_FOR_ALL][0] in for_ann


async def test_what_proxied_people_said_before_is_not_marked_as_an_apps(world: World) -> None:
    thread = int((await world.ben.create_thread(world.channel(), "Looms"))["id"])
    channel = world.discord.world.channels[thread]
    world.discord.post_as_webhook(channel, "Luna", "I weave", application_id=PLURALKIT)
    world.discord.post_as_webhook(channel, "Feed", "a new release")
    luna = world.discord.post_as_webhook(channel, "Luna", "so I do", application_id=PLURALKIT)
    await world.settled(await world.ann.post(thread, f"{world.mention} who?", reply_to=luna["id"]))
    found = [
        (' app="yes"' in attributes, text) for quote in quotes(world) for attributes, text in said(quote)
    ]
    assert found == [(False, "I weave"), (True, "a new release"), (False, "so I do")]
