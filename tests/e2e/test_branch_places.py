"""Branches in forums, and of private threads."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.conversation import wording
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.threads import REQUIRE_TAG
from tests.e2e.branch_scene import branched, members
from tests.e2e.test_commands import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def in_a_post(own: World, kind: str, tags: Sequence[str] = ()) -> tuple[int, int]:
    """A conversation in a post of a forum that requires a tag; returns the forum and the post."""
    forum = own.channel(kind)
    place = own.discord.world.channels[forum]
    ids = [own.discord.add_tag(place, tag) for tag in tags]
    place.flags |= REQUIRE_TAG if tags else 0
    post = int((await own.ben.create_post(forum, "Looms", "The loom is sold.", tags=ids[-1:]))["id"])
    await own.settled(await own.ann.post(post, f"{own.mention} what was sold?"))
    return forum, post


@pytest.mark.parametrize(
    ("kind", "tags"), [("forum", ()), ("forum", ("sheds", "looms")), ("media", ("looms",))]
)
async def test_in_a_forum_a_branch_is_a_post_with_the_tags_and_links_both_ways(
    world: World, kind: str, tags: Sequence[str]
) -> None:
    async with world.apart() as own:
        forum, post = await in_a_post(own, kind, tags)
        there = await branched(own, own.ben, post, own.replies(post)[-1])
        made, source = own.discord.world.channels[there], own.discord.world.channels[post]
        assert made.parent_id == forum
        assert made.thread is not None
        assert source.thread is not None
        assert made.thread.applied_tags == source.thread.applied_tags
        first, line = own.said(there)
        for each in (first, line):
            assert f"https://discord.com/channels/{own.guild.id}/{post}/" in each["content"]
        assert "My first answer here reads about" in line["content"]
        assert own.said(post)[-1]["content"] == wording.small(
            f"Ben has branched this conversation off: <#{there}>."
        )
        await own.settled(await own.ben.post(there, "And in the branch?"))
        assert "what was sold?" in str(own.asked[-1].body["messages"])
        # The post's own first message has the id of the post, and is in the post.
        again = await branched(own, own.ann, there, own.replies(there)[-1])
        assert len({post, there, again}) == 3


async def test_security_who_may_not_open_posts_gets_no_branch_and_a_bot_that_may_not_says_so(
    world: World,
) -> None:
    async with world.apart() as own:
        forum, post = await in_a_post(own, "forum")
        reply = int(own.replies(post)[-1]["id"])
        own.deny(forum, bits.SEND_MESSAGES, own.ben.user.id)
        told = await answer(await own.ben.context_command(post, "Branch here", reply))
        assert told == wording.may_not("Send Messages")
        own.deny(forum, bits.SEND_MESSAGES, own.app.user_id)
        told = await answer(await own.ann.context_command(post, "Branch here", reply))
        assert "Send Messages" in told
        posts = [each for each in own.discord.world.channels.values() if each.parent_id == forum]
        assert len(posts) == 1


async def test_a_post_whose_start_was_not_confirmed_is_found_and_not_made_twice(world: World) -> None:
    async with world.apart() as own:
        forum, post = await in_a_post(own, "forum", ("looms",))
        route = f"/channels/{forum}/threads"
        own.discord.faults.add(action="reset_after", method="POST", route=route)
        there = await branched(own, own.ann, post, own.replies(post)[-1])
        posts = [each.id for each in own.discord.world.channels.values() if each.parent_id == forum]
        assert sorted(posts) == sorted([post, there])


async def test_security_the_branch_of_a_private_thread_is_private_and_needs_the_right_to_open_one(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        told = await answer(await own.ann.command(channel, "chat", {"message": "a secret", "private": True}))
        private = int(told.partition("<#")[2].rstrip(">"))
        await own.answered(private, 2)
        reply = own.replies(private)[-1]
        there = await branched(own, own.ann, private, reply)
        assert own.discord.thread(there)["type"] == 12
        assert own.ben.user.id not in members(own, there)
        await own.settled(await own.ann.post(there, "go on"))
        assert "a secret" in str(own.asked[-1].body["messages"])
        own.deny(channel, bits.CREATE_PRIVATE_THREADS, own.ann.user.id)
        told = await answer(await own.ann.context_command(private, "Branch here", int(reply["id"])))
        assert told in (wording.may_not("Create Private Threads"), f"Here it is: <#{there}>")
