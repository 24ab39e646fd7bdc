"""/forget me, /forget verify and /my data: everything of a person goes, and what is left reads correctly."""

from __future__ import annotations

import asyncio
import json
import re
from fnmatch import fnmatchcase
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from bot.commands.forget import KEPT, NO_RECEIPT, QUESTION
from bot.commands.my_data import NOTHING
from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from bot.store.contracts import contract_of
from bot.store.keys import Keys
from tests.e2e.controls import answer, press, sent
from tests.e2e.lively import Lively, lively
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_commands import set_prompt
from tests.e2e.test_proxied import COPIED, Proxied
from tests.e2e.world import World
from tests.files import samples
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def forget(world: World, person: Any, place: int) -> str:
    """Have a person forgotten, and return the receipt."""
    handle = await person.command(place, "forget me")
    await handle.response()
    question = await handle.message()
    assert question["content"].endswith(QUESTION)
    assert question["ephemeral"]
    await press(person, place, question, "Forget me")
    await world.until(lambda: "Receipt" in world.discord.message(int(question["id"]))["content"])
    return str(world.discord.message(int(question["id"]))["content"])


def code_of(receipt: str) -> str:
    """The code of a receipt."""
    found = re.search(r"Receipt `(\w+)`", receipt)
    assert found is not None, receipt
    return found[1]


def holding(found: dict[str, str], words: dict[str, str]) -> dict[str, list[str]]:
    """The keys that hold some of the words, each with the kinds of the words."""
    return {
        key: kinds
        for key, value in found.items()
        if (kinds := [kind for kind, each in words.items() if each.lower() in f"{key} {value}".lower()])
    }


async def test_nothing_of_a_person_is_left_in_any_key_once_they_are_forgotten(world: World) -> None:
    async with world.apart() as own:
        scene = await lively(own)
        words = scene.canary.words
        before = holding(await stored(own), words)
        assert {kind for kinds in before.values() for kind in kinds} == set(words)
        receipt = await forget(own, scene.person, scene.thread)
        assert "messages" in receipt
        assert "2 files" in receipt  # one of them in a branch
        assert holding(await stored(own), words) == {}
        code = code_of(receipt)
        said = await answer(await scene.person.command(scene.thread, "forget verify", {"code": code}))
        assert "nothing is left" in said
        kept = await my_data(scene)
        assert (kept["messages"], kept["settings"], kept["usage"]) == ([], [], [])
        assert {each["what"] for each in kept["acts"]} == {"system", "preset.saved"}
        # What others wrote is still known, and answered.
        await own.settled(await own.ben.post(scene.others_thread, "do you know me?"))
        request = sent(own)
        assert "my own thread" in request
        assert "@somebody" in request
        for each in words.values():
            assert each.lower() not in request.lower()
        # The person's future messages are ordinary.
        await own.settled(await scene.person.post(scene.thread, "here I am again"))
        assert "here I am again" in sent(own)
        assert any("here I am again" in value for value in (await stored(own)).values())


async def test_a_person_gets_what_is_kept_of_them_as_a_file_that_nobody_else_sees(world: World) -> None:
    async with world.apart() as own:
        scene = await lively(own)
        channel = own.channel()
        said = await scene.person.post(channel, f"{scene.canary.message} for everybody")
        quoting = await own.ben.post(channel, f"{own.mention} what is that?", reply_to=said["id"])
        await own.settled(quoting)
        kept = await my_data(scene)
        texts = json.dumps(kept, ensure_ascii=False)
        canary = scene.canary
        for each in (canary.message, canary.title, canary.file_name, canary.prompt):
            assert each in texts
        assert "my own thread" not in texts
        assert kept["person"]["username"] == canary.name
        ids = [each["id"] for each in kept["messages"]]
        assert len(ids) == len(set(ids)) >= 6
        assert any(canary.message in each["text"] for each in kept["quotes_of_you"])
        assert any(canary.file in each["text"] for each in kept["files_as_read"])
        # Each key that names the person is shown, under the heading of its contract.
        shown = {each["key"] for each in kept["by_ids_and_numbers"]}
        for key, value in (await stored(own)).items():
            contract = contract_of(key)
            assert contract is not None
            if contract.exported == "as stored" and str(scene.person.id) in f"{key} {value}":
                assert key in shown
            elif str(scene.person.id) in f"{key} {value}":
                assert kept[HEADINGS[contract.exported]], key


HEADINGS = {
    "messages": "messages",
    "with its message": "messages",
    "files": "files_as_read",
    "settings": "settings",
    "acts": "acts",
    "usage": "usage",
    "reminders": "reminders",
    "conversations": "conversations_begun",
    "facts": "facts_remembered",
}


async def my_data(scene: Lively) -> Any:
    """The file of `/my data`."""
    handle = await scene.person.command(scene.thread, "my data")
    await handle.response()
    message = await handle.message()
    assert message["ephemeral"]
    (file,) = message["attachments"]
    async with aiohttp.ClientSession() as session, session.get(file["url"]) as response:
        return json.loads(await response.read())


async def test_a_person_who_keeps_everything_is_not_forgotten(world: World) -> None:
    thread = await world.converse(world.channel(), "a question about tulips")
    stranger = world.person("cy")
    assert await answer(await stranger.command(thread, "my data")) == NOTHING
    handle = await world.ann.command(thread, "forget me")
    await handle.response()
    question = await handle.message()
    await press(world.ann, thread, question, "Keep it")
    await world.until(lambda: world.discord.message(int(question["id"]))["content"] == KEPT)
    assert any("about tulips" in value for value in (await stored(world)).values())
    said = await answer(await world.ann.command(thread, "forget verify", {"code": "nonsense"}))
    assert said == NO_RECEIPT


async def test_the_other_messages_of_a_turn_stay_with_its_reply(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        gate = own.claude.hold(after=1)
        first = await own.ann.post(thread, "wait for it")
        await gate.reached()
        together = [await own.ben.post(thread, "a word of Ben"), await own.ann.post(thread, "a word of Ann")]
        for message in together:
            await own.kept(message)
        gate.release()
        await own.settled(first)
        await own.settled(together[0])
        await forget(own, own.ann, thread)
        await own.settled(await own.ben.post(thread, "what do you know?"))
        request = sent(own)
        assert "a word of Ben" in request
        assert "a word of Ann" not in request
        assert "wait for it" not in request


async def test_the_files_of_a_person_go_from_anthropic_and_those_of_others_stay(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        before = set(own.claude.files.files)
        photo = ("mine.jpg", "image/jpeg", samples.photo())
        await own.settled(await own.ann.post(thread, "my loom", attachments=[photo]))
        (mine,) = set(own.claude.files.files) - before
        picture = ("theirs.png", "image/png", samples.picture("PNG"))
        await own.settled(await own.ben.post(thread, "my loom, too", attachments=[picture]))
        (theirs,) = set(own.claude.files.files) - before - {mine}
        assert "1 file" in await forget(own, own.ann, thread)
        await own.until(lambda: mine not in own.claude.files.files)
        assert theirs in own.claude.files.files


async def test_a_turn_that_is_being_answered_is_taken_back(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        gate = own.claude.hold(after=1)
        await own.ann.post(thread, "a question about orchids")
        await gate.reached()
        await forget(own, own.ann, thread)
        gate.release()
        assert not any("orchids" in value for value in (await stored(own)).values())


async def test_forgetting_goes_on_in_another_instance_after_a_kill(alone: World) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        bot = await alone.start_bot(REDIS_URL=proxy.url)
        threads = [await alone.converse(alone.channel(), f"tulips {number}") for number in range(5)]
        for thread in threads:
            await alone.settled(thread)
        direct = await alone.dm_of(alone.ann)
        handle = await alone.ann.command(threads[0], "forget me")
        await handle.response()
        question = await handle.message()
        proxy.delay_s = 0.1
        await press(alone.ann, threads[0], question, "Forget me")
        keys = Keys(alone.prefix)
        async with redis_of(alone) as redis:
            total = 0
            while not 0 < (left := await redis.scard(keys.forget_left(alone.ann.id))) < total:
                total = max(total, left)
                await asyncio.sleep(0.01)
            await bot.kill()
            assert await redis.scard(keys.forget_left(alone.ann.id))
            assert any("tulips" in value for value in (await stored(alone)).values())
            # The time has come at which the instance that was killed counts as gone.
            await redis.zadd(keys.forget_queue, {str(alone.ann.id): 0})
        alone.bots = []
        other = await alone.start_bot()
        await other.logged("person_forgotten")
        # The start lists the messages once more; their texts are held for a minute, for proxied copies.
        held = {name for name, value in (await stored(alone)).items() if "tulips" in value}
        assert {name for name in held if not fnmatchcase(name, "*:n:*")} == set()
        await alone.until(lambda: any("Receipt" in each["content"] for each in alone.said(direct)))
        (receipt,) = alone.said(direct)
        assert "5 messages" in receipt["content"]
        code = code_of(receipt["content"])
        said = await answer(await alone.ann.command(direct, "forget verify", {"code": code}))
        assert "nothing is left" in said


async def test_two_presses_in_two_bots_give_one_receipt_that_counts_everything(world: World) -> None:
    async with world.apart(bots=2) as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        questions = []
        for _ in range(2):
            handle = await own.ann.command(thread, "forget me")
            await handle.response()
            questions.append(await handle.message())
        for question in questions:
            await press(own.ann, thread, question, "Forget me")

        def receipts() -> list[str]:
            contents = [own.discord.message(int(each["id"]))["content"] for each in questions]
            return [each for each in contents if "Receipt" in each]

        await own.until(lambda: len(receipts()) == 2)
        assert any("1 message" in each for each in receipts())
        verified = [await verify(own.ann, thread, code_of(each)) for each in receipts()]
        assert any("nothing is left" in each for each in verified)


async def verify(person: Any, place: int, code: str) -> str:
    """The answer of `/forget verify`."""
    return await answer(await person.command(place, "forget verify", {"code": code}))


async def test_verify_tells_of_a_message_that_came_back_and_of_nothing_that_was_said_or_set_since(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        await set_prompt(own.ann, thread, "Always speak of tulips.")
        key = Keys(own.prefix).history(thread)
        async with redis_of(own) as redis:
            (entry,) = await redis.lrange(key, 0, -1)
            code = code_of(await forget(own, own.ann, thread))
            await set_prompt(own.ann, thread, "Speak of roses.")
            await set_prompt(own.ann, thread, "Speak of daisies.")
            await own.settled(await own.ann.post(thread, "here I am again"))
            assert "nothing is left" in await verify(own.ann, thread, code)
            await redis.lset(key, 0, str(entry))
            assert "found 1 message" in await verify(own.ann, thread, code)
        assert "2 messages" in await forget(own, own.ann, thread)
        assert not any("tulips" in value for value in (await stored(own)).values())


async def test_a_job_that_the_store_has_lost_is_done_all_the_same(alone: World) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        await alone.start_bot(REDIS_URL=proxy.url)
        threads = [await alone.converse(alone.channel(), f"tulips {number}") for number in range(3)]
        for thread in threads:
            await alone.settled(thread)
        handle = await alone.ann.command(threads[0], "forget me")
        await handle.response()
        question = await handle.message()
        proxy.delay_s = 0.1
        await press(alone.ann, threads[0], question, "Forget me")
        keys = Keys(alone.prefix)
        async with redis_of(alone) as redis:
            while not await redis.scard(keys.forget_left(alone.ann.id)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await redis.delete(keys.forget_job(alone.ann.id), keys.forget_left(alone.ann.id))
            await redis.zrem(keys.forget_queue, str(alone.ann.id))
        proxy.delay_s = 0.0
        await alone.until(lambda: "Receipt" in alone.discord.message(int(question["id"]))["content"])
        assert not any("tulips" in value for value in (await stored(alone)).values())


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


async def test_a_store_that_goes_back_while_a_bot_runs_is_noticed_and_the_person_forgotten_anew(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        direct = await own.dm_of(own.ann)
        before = await snapshot(own)
        code = code_of(await forget(own, own.ann, thread))
        await go_back(own, before)
        await own.bots[0].logged("person_forgotten", again=True)
        assert not any("tulips" in value for value in (await stored(own)).values())
        await own.until(lambda: any(code in each["content"] for each in own.said(direct)))
        assert "nothing is left" in await verify(own.ann, thread, code)


async def test_a_store_that_was_set_back_while_no_bot_ran_is_found_out_by_the_code_of_the_receipt(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        direct = await own.dm_of(own.ann)
        before = await snapshot(own)
        code = code_of(await forget(own, own.ann, thread))
        await own.bots[0].stop()
        await go_back(own, before)
        own.bots = [await own.start_bot()]
        assert await verify(own.ben, thread, code) == NO_RECEIPT
        said = await verify(own.ann, thread, code)
        assert "found 1 message" in said
        assert "went back to an earlier state" in said
        await own.until(lambda: any(code in each["content"] for each in own.said(direct)))
        assert not any("tulips" in value for value in (await stored(own)).values())
        assert "nothing is left" in await verify(own.ann, thread, code)


async def snapshot(world: World) -> dict[str, bytes]:
    """The values of all keys, as they are stored."""
    redis: Redis = Redis.from_url(world.redis_url)
    found = {}
    async for key in redis.scan_iter(match=f"{world.prefix}:*"):
        found[key.decode()] = await redis.dump(key) or b""
    await redis.aclose()
    return found


async def go_back(world: World, before: dict[str, bytes]) -> None:
    """Set the store back."""
    redis: Redis = Redis.from_url(world.redis_url)
    async for key in redis.scan_iter(match=f"{world.prefix}:*"):
        await redis.delete(key)
    for key, value in before.items():
        await redis.restore(key, 0, value)
    await redis.aclose()
