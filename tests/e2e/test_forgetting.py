"""/forget me, /forget verify and /my data: everything of a person goes, and what is left reads correctly."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase

import pytest

from bot.commands.forget import KEPT, NO_RECEIPT
from bot.commands.my_data import NOTHING
from bot.commands.reply_controls import QUESTION_GONE
from bot.store.keys import Keys
from tests.e2e.controls import answer, press, sent
from tests.e2e.forgetting_scene import code_of, forget, holding, my_data, verify
from tests.e2e.lively import lively
from tests.e2e.stored import redis_of, stored
from tests.e2e.world import World
from tests.files import samples
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


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


async def test_a_reply_to_a_forgotten_question_is_not_said_to_answer_a_deleted_one(world: World) -> None:
    person = world.person("fay")
    thread = await world.converse(world.channel(), "a question about tulips", person)
    await world.settled(thread)
    await forget(world, person, thread)
    said = await answer(await world.admin.command(thread, "retry"))
    assert said == QUESTION_GONE
    assert "had me forget" in said


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
