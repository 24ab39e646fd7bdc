"""Files and messages that a branch holds as well."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.branch_scene import branched, prompt
from tests.e2e.forgetting_scene import forget
from tests.e2e.stored import stored
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
