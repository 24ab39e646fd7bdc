"""*Branch here*: a conversation goes on beside itself, from one cache; for whoever may; once, whatever is killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from bot.commands import branch
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.conversation import wording
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.threads import REQUIRE_TAG
from tests.e2e.forgetting_scene import forget
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_commands import answer, set_prompt, system_of
from tests.e2e.world import ANSWER_S, LOOK_S, World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "The warp is long. " * 100


async def talk(own: World, channel: int) -> int:
    """A thread of three turns, of which the last one says another thing."""
    own.claude.say(LONG * 8)
    thread = await own.converse(channel, LONG)
    await own.settled(thread)
    for text in ("The loom is sold.", "No, it burnt."):
        await own.settled(await own.ann.post(thread, text))
    return thread


async def branched(own: World, who: Any, place: int, message: Any) -> int:
    """Use the menu on a message, and return the branch's thread."""
    told = await answer(await who.context_command(place, "Branch here", int(message["id"])))
    assert told.startswith("Here it is: <#"), told
    return int(told.partition("<#")[2].rstrip(">"))


def members(own: World, thread: int) -> set[int]:
    """The people in a thread."""
    state = own.discord.world.channels[thread].thread
    return set() if state is None else set(state.members)


def prompt(call: Any) -> list[Any]:
    """The messages of a request without its cache marks."""
    messages = json.loads(json.dumps(call.body["messages"]))
    for message in messages:
        for block in message["content"]:
            block.pop("cache_control", None)
    return list(messages)


async def test_a_branch_goes_on_from_the_message_with_the_same_bytes_and_reads_them_from_the_cache(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await talk(own, channel)
        second = own.asked[1]
        assert await set_prompt(own.ann, thread, "Speak like a weaver.", "this thread")
        await own.settled(await own.ann.post(thread, "Spoken like a weaver."))
        third = own.asked[-1]
        there = await branched(own, own.ben, thread, own.replies(thread)[-1])
        (line,) = own.said(there)
        server = own.guild.id
        assert f"https://discord.com/channels/{server}/{thread}/" in line["content"]
        assert "My first answer here reads about" in line["content"]
        assert "which costs about $" in line["content"]
        assert own.said(thread)[-1]["content"] == wording.small(
            f"Ben has branched this conversation off: <#{there}>."
        )
        assert own.ben.user.id in members(own, there)
        await own.bots.pop().kill()
        await own.start_bot()
        message = await own.ben.post(there, "And in the branch?")
        await own.settled(message)
        asked = own.asked[-1]
        assert prompt(asked)[: len(prompt(third))] == prompt(third)
        assert system_of(asked) == system_of(third) != system_of(second)
        total = sum(asked.usage[kind] or 0 for kind in asked.usage if kind.endswith("input_tokens"))
        assert asked.usage["cache_read_input_tokens"] / total > 0.9
        await own.settled(await own.ann.post(thread, "And here?"))
        assert "And in the branch?" not in str(own.asked[-1].body)


async def test_a_branch_knows_nothing_of_what_came_after_its_message(world: World) -> None:
    async with world.apart() as own:
        thread = await talk(own, own.channel())
        sold = next(each for each in own.discord.messages(thread) if "sold" in each["content"])
        there = await branched(own, own.ann, thread, sold)
        await own.settled(await own.ann.post(there, "What became of it?"))
        sent = str(own.asked[-1].body["messages"])
        assert "The loom is sold." in sent
        assert "burnt" not in sent
        again = await branched(own, own.ann, there, own.replies(there)[-1])
        await own.settled(await own.ann.post(again, "And then?"))
        assert "What became of it?" in str(own.asked[-1].body["messages"])


async def test_a_double_press_makes_one_branch_in_whichever_instance(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        reply = own.replies(thread)[-1]
        handles = await asyncio.gather(
            *(own.ann.context_command(thread, "Branch here", int(reply["id"])) for _ in range(3))
        )
        told = [await answer(each) for each in handles]
        made = [each for each in told if each.startswith("Here it is")]
        assert made
        assert len(set(made)) == 1
        assert set(told) - set(made) <= {branch.IN_THE_MAKING}
        threads = [each for each in own.discord.world.channels.values() if each.parent_id == channel]
        assert len(threads) == 2
        lines = [each for each in own.said(thread) if "branched" in each["content"]]
        assert len(lines) == 1


async def test_security_who_may_not_read_or_open_threads_gets_no_branch(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        reply = int(own.replies(thread)[-1]["id"])
        own.deny(channel, bits.CREATE_PUBLIC_THREADS, own.ben.user.id)
        told = await answer(await own.ben.context_command(thread, "Branch here", reply))
        assert told == wording.may_not("Create Public Threads")
        own.deny(channel, bits.READ_MESSAGE_HISTORY, own.ann.user.id)
        told = await answer(await own.ann.context_command(thread, "Branch here", reply))
        assert told == branch.MAY_NOT_READ.format("Read Message History")
        plain = await own.admin.create_thread(channel, "not the bot's")
        post = await own.admin.post(int(plain["id"]), "hello")
        told = await answer(await own.admin.context_command(plain["id"], "Branch here", int(post["id"])))
        assert told == NOT_A_CONVERSATION
        threads = [each for each in own.discord.world.channels.values() if each.parent_id == channel]
        assert len(threads) == 2


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


async def test_what_is_not_answered_cannot_be_branched_off(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        aside = await own.ann.post(thread, f"{own.ben.mention} between us")
        told = await answer(await own.ben.context_command(thread, "Branch here", int(aside["id"])))
        assert told == branch.NOT_ANSWERED


async def holding(own: World, word: str) -> list[str]:
    """The keys that hold a word, but for what was accepted within the last minute."""
    return [key for key, value in (await stored(own)).items() if word in value and ":n:" not in key]


async def with_file(own: World) -> tuple[int, str, dict[str, Any]]:
    """A thread with a file; the file's id at Anthropic, and the message that brought the file."""
    thread = await own.converse(own.channel(), "hello")
    before = set(own.claude.files.files)
    picture = ("loom.jpg", "image/jpeg", samples.photo())
    message = await own.ann.post(thread, "look at this", attachments=[picture])
    await own.settled(message)
    (file,) = set(own.claude.files.files) - before
    return thread, file, message


async def test_an_upload_stays_as_long_as_a_branch_names_it(world: World) -> None:
    async with world.apart() as own:
        thread, file, _ = await with_file(own)
        there = await branched(own, own.ann, thread, own.replies(thread)[-1])
        await own.admin.delete_channel(thread)
        await own.bots[0].logged("files_deleted", conversation=thread)
        await own.settled(await own.ann.post(there, "what is on it?"))
        assert file in str(own.asked[-1].body["messages"])
        assert own.asked[-1].status == 200
        await own.admin.delete_channel(there)
        await own.until(lambda: file not in own.claude.files.files)


async def test_a_file_whose_message_is_deleted_goes_from_both_and_from_anthropic(world: World) -> None:
    async with world.apart() as own:
        thread, file, message = await with_file(own)
        there = await branched(own, own.ann, thread, own.replies(thread)[-1])
        await own.ann.delete(thread, int(message["id"]))
        await own.until(lambda: file not in own.claude.files.files)
        await own.settled(await own.ben.post(there, "what was on it?"))
        assert file not in str(own.asked[-1].body["messages"])


async def test_inline_files_are_sent_by_the_branch_as_well(world: World) -> None:
    async with world.apart({"BOT_CLAUDE__FILES": "inline"}) as own:
        thread = await own.converse(own.channel(), "hello")
        picture = ("loom.jpg", "image/jpeg", samples.photo())
        await own.settled(await own.ann.post(thread, "look at this", attachments=[picture]))
        sent = prompt(own.asked[-1])
        there = await branched(own, own.ann, thread, own.replies(thread)[-1])
        await own.settled(await own.ann.post(there, "what is on it?"))
        assert prompt(own.asked[-1])[: len(sent)] == sent


async def test_what_is_deleted_on_discord_or_forgotten_goes_from_the_branch_as_well(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        secret = await own.ben.post(thread, "the word is tulip")
        await own.settled(secret)
        mine = await own.ann.post(thread, "mine is rose")
        await own.settled(mine)
        there = await branched(own, own.ann, thread, own.replies(thread)[-1])
        nested = await branched(own, own.ann, thread, own.replies(thread)[-2])
        await own.ben.delete(thread, int(secret["id"]))
        await own.until(lambda: len(own.bots[0].log("message_deleted", message=int(secret["id"]))) >= 3)
        assert await holding(own, "tulip") == []
        await own.settled(await own.ben.post(there, "which words?"))
        assert "tulip" not in str(own.asked[-1].body)
        assert "rose" in str(own.asked[-1].body)
        assert nested != there
        await forget(own, own.ann, thread)
        assert await holding(own, "rose") == []


@pytest.mark.parametrize("noted", ["job", "thread"])
async def test_a_crash_in_the_middle_leaves_nothing_half(world: World, noted: str) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "the word is tulip")
        await own.settled(thread)
        if noted == "job":
            route = f"/channels/{channel}/threads"
            own.discord.faults.add(action="delay", method="POST", route=route, delay_s=600.0, times=None)
        else:
            own.discord.faults.add(
                action="status", method="POST", route=r"/channels/\d+/messages", times=None
            )
        await own.ann.context_command(thread, "Branch here", int(own.replies(thread)[-1]["id"]))
        key = f"{own.prefix}:{{{own.ann.user.id}}}:branches"
        async with redis_of(own) as redis:
            patience = own.bots[0].patience(ANSWER_S)
            async with patience.limit():
                # The store tells nobody of its changes.
                while not any(str(each).endswith(f":{noted}") for each in await redis.hkeys(key)):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_S)
            await own.bots.pop().kill()
            own.discord.faults.clear()
            await redis.zadd(f"{own.prefix}:branching", {str(own.ann.user.id): 1})
        await own.start_bot()
        await own.bots[0].logged("conversation_branched")
        (there,) = (
            each.id
            for each in own.discord.world.channels.values()
            if each.parent_id == channel and each.id != thread
        )
        assert ["branched" in each["content"] for each in own.said(there)] == [True]
        assert len([each for each in own.said(thread) if "branched" in each["content"]]) == 1
        await own.settled(await own.ann.post(there, "which word?"))
        assert "tulip" in str(own.asked[-1].body["messages"])
