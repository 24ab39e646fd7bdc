"""What is forgotten of a person where others quote, catch up with or share it."""

from __future__ import annotations

import pytest

from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from bot.store.keys import Keys
from tests.e2e.controls import answer, sent
from tests.e2e.forgetting_scene import forget, holding
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_proxied import COPIED, Proxied
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_of_a_reply_that_was_forgotten_why_does_not_say_that_the_question_was_deleted(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        asked = await own.ann.post(channel, f"{own.mention} a question about tulips")
        thread = await own.thread_of(asked)
        (reply,) = await own.answered(thread)
        await own.settled(asked)
        await forget(own, own.ann, thread)
        for handle in (
            await own.ben.command(channel, "why", {"message": asked["id"]}),
            await own.ben.context_command(thread, "Why?", reply["id"]),
        ):
            text = await answer(handle)
            assert because(Cause.DELETED).text not in text, text
            assert "was not answered" not in text, text


async def test_what_is_left_of_a_thread_is_taken_by_the_api_and_reads_in_order(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        for person, text in ((own.ben, "one of Ben"), (own.ann, "tulips again"), (own.ben, "two of Ben")):
            await own.settled(await person.post(thread, text))
        await forget(own, own.ann, thread)
        await own.settled(await own.ben.post(thread, "what do you know?"))
        messages = own.asked[-1].body["messages"]
        assert [each["role"] for each in messages] == ["user", "assistant"] * 2 + ["user"]
        assert all(each["content"] for each in messages)
        request = sent(own)
        assert "tulips" not in request
        assert request.index("one of Ben") < request.index("two of Ben") < request.index("what do you know?")
        await forget(own, own.ben, thread)
        await own.settled(await own.ann.post(thread, "and of me?"))
        assert [each["role"] for each in own.asked[-1].body["messages"]] == ["user"]


async def test_a_person_who_shares_a_running_turn_is_left_out_and_the_other_is_answered(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello", own.ben)
        gate = own.claude.hold(after=1)
        first = await own.ben.post(thread, "wait for it")
        await gate.reached()
        together = [await own.ben.post(thread, "a word of Ben"), await own.ann.post(thread, "about tulips")]
        for message in together:
            await own.kept(message)
        second = own.claude.hold(after=1)
        gate.release()
        await second.reached()
        assert "tulips" in sent(own)
        await forget(own, own.ann, thread)
        second.release()
        await own.settled(first)
        await own.settled(together[0])
        assert "a word of Ben" in sent(own)
        assert "tulips" not in sent(own)
        assert not any("tulips" in value for value in (await stored(own)).values())
        assert own.replies(thread)


async def test_what_a_proxy_posted_for_a_person_goes_also_where_others_quote_it(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        proxied = Proxied.of(own, channel, mentions=True)
        for event in ("original", "copy", "deletion"):
            proxied.play(event)
        thread = await own.thread_of({"id": proxied.copy})
        await own.answered(thread)
        asked = await own.ben.post(channel, f"{own.mention} what is that?", reply_to=proxied.copy)
        await own.settled(asked)
        assert COPIED in sent(own)
        assert "1 message, 1 quote of you" in await forget(own, own.ann, channel)
        left = {key: value for key, value in (await stored(own)).items() if COPIED in value}
        assert left == {}
        await own.settled(await own.ben.post(int(asked["id"]), "and now?"))
        assert COPIED not in sent(own)


async def test_a_file_of_a_person_that_another_thread_quotes_goes_from_anthropic(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        picture = ("mine.png", "image/png", samples.picture("PNG"))
        said = await own.ann.post(channel, "my loom of tulips", attachments=[picture])
        before = set(own.claude.files.files)
        asked = await own.ben.post(channel, f"{own.mention} what is this?", reply_to=said["id"])
        await own.settled(asked)
        mine = set(own.claude.files.files) - before
        assert mine
        assert "1 file" in await forget(own, own.ann, channel)
        await own.until(lambda: not mine & set(own.claude.files.files))
        found = await stored(own)
        left = holding(found, {"text": "tulips", "file": "mine.png"})
        assert left == {}, [found[key] for key in left]
        await own.settled(await own.ben.post(int(asked["id"]), "and now?"))
        assert "forgotten at the wish of its author" in sent(own)


async def test_messages_that_are_caught_up_with_after_their_author_was_forgotten_are_not_taken_in(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        await own.bots[0].stop()
        old = [
            await own.ann.post(thread, "about tulips"),
            await own.ann.post(channel, f"{own.mention} tulips"),
        ]
        of_ben = await own.ben.post(thread, "about roses")
        async with redis_of(own) as redis:
            # As if somebody had asked another instance, which does not see these messages.
            await redis.hset(
                Keys(own.prefix).forget_job(own.ann.id),
                mapping={"code": "x", "before": int(of_ben["id"]) + 1, "phase": "done", "asked_ms": 1},
            )
        own.bots = [await own.start_bot()]
        await own.settled(of_ben)
        await own.bots[0].logged("message_left_out", message=int(old[1]["id"]))
        assert "roses" in sent(own)
        assert not any("tulips" in value for value in (await stored(own)).values())
        await own.ann.edit(channel, old[1]["id"], f"{own.mention} tulips once more")
        said = await answer(await own.ann.command(thread, "why", {"message": old[0]["id"]}))
        assert because(Reason.FORGOTTEN).text in said
        new = await own.ann.post(thread, "here I am again")
        await own.settled(new)
        assert not any("tulips" in value for value in (await stored(own)).values())
        assert "tulips" not in sent(own)


async def test_what_was_said_before_a_first_mention_is_read_without_those_who_were_forgotten(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = int((await own.ben.create_thread(channel, "our looms"))["id"])
        await own.ann.post(thread, "about tulips")
        await own.ben.post(thread, "about roses")
        await forget(own, own.ann, await own.dm_of(own.ann))
        await own.ann.post(thread, "about daisies")
        await own.settled(await own.ben.post(thread, f"{own.mention} what is this about?"))
        assert "tulips" not in sent(own)
        assert "roses" in sent(own)
        assert "daisies" in sent(own)
        assert "1 message was left out" in sent(own)
