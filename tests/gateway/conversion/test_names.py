"""Ids in a text become the names that every reader of the channel may know."""

from __future__ import annotations

from typing import Any

from bot.gateway.conversion import reading
from bot.gateway.conversion.names import display_name, replace_ids
from tests.gateway.conftest import Post


async def named(post: Post, text: str) -> str:
    """A text that Ann has posted, as it is read in a listing."""
    await post.ann.post(post.thread, text)
    channel: Any = await post.client.fetch_channel(post.thread)
    (found,) = await reading.messages(post.client, channel, limit=1)
    return replace_ids(found, found.content)


async def test_people_and_emoji_have_their_names_outside_code_only(post: Post) -> None:
    ann = f"<@{post.ann.user.id}>"
    assert (
        await named(post, f"{ann} <:loom:7> <a:spin:8> `{ann} <:loom:7>`")
        == f"@Ann :loom: :spin: `{ann} <:loom:7>`"
    )
    assert await named(post, f"```\n{ann}\n```\n<@!{post.ann.user.id}>") == f"```\n{ann}\n```\n@Ann"


async def test_who_or_what_is_not_known_gets_a_word_and_keeps_no_id(post: Post) -> None:
    assert await named(post, "<@7> in <#8> with <@&9>") == "@somebody in #channel with @a role"


async def test_what_only_looks_like_an_id_is_left_alone(post: Post) -> None:
    text = "<@x> <#> <@&> a < b @7 <:loom:>"
    assert await named(post, text) == text


async def test_security_a_display_name_that_cannot_be_seen_is_replaced_by_the_username(post: Post) -> None:
    (guild,) = post.discord.world.guilds.values()
    ghost = post.discord.add_user("ghost", "\u200b\u2060", guild)
    await ghost.post(post.thread, "hello")
    channel: Any = await post.client.fetch_channel(post.thread)
    (found,) = await reading.messages(post.client, channel, limit=1)
    assert display_name(found.author) == "ghost"
