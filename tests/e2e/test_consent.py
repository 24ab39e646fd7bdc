"""People are asked for their consent before anything of theirs is kept, where the operator requires that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.conversation import consent
from tests.e2e.controls import answer, labels, press
from tests.e2e.forgetting_scene import forget
from tests.e2e.stored import stored
from tests.e2e.test_proxied import COPIED, Proxied
from tests.e2e.world import ANSWER_S, LOOK_S, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

REQUIRED = {"BOT_PRIVACY__REQUIRE_CONSENT": "true"}
SECRET = "a-word-that-nobody-else-says"


async def asked_below(world: World, place: int, message: dict[str, Any]) -> dict[str, Any]:
    """The question below a message."""

    def found() -> list[dict[str, Any]]:
        return [each for each in world.said(place) if replies_to(each) == message["id"]]

    await world.until(found)
    return found()[-1]


def replies_to(message: dict[str, Any]) -> str | None:
    return (message.get("message_reference") or {}).get("message_id")


async def agree(world: World, place: int, line: dict[str, Any], who: Any) -> None:
    """Press the line's button, and agree in the private answer."""
    handle = await press(who, place, line, "Read and agree")
    shown = await handle.message()
    assert shown["ephemeral"]
    assert "Do you agree?" in shown["content"]
    await press(who, place, shown, "I agree")


async def test_nothing_is_kept_before_consent_and_what_waited_is_answered_after_it(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        message = await own.ann.post(channel, f"{own.mention} {SECRET}")
        line = await asked_below(own, channel, message)
        assert labels(line) == ["Read and agree"]
        again = await own.ann.post(channel, f"{own.mention} {SECRET} again")
        await own.bots[0].logged("message_held_back", message=int(again["id"]))
        assert SECRET not in str(await stored(own))
        assert own.asked == []
        await agree(own, channel, line, own.ann)
        for each in (message, again):
            await own.answered(await own.thread_of(each))
        assert len([each for each in own.said(channel) if "agree" in each["content"]]) == 1


async def test_in_direct_messages_the_person_is_asked_directly(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        direct = await own.dm_of(own.ann)
        message = await own.ann.post(direct, SECRET)
        question = await asked_below(own, direct, message)
        assert "Do you agree?" in question["content"]
        await press(own.ann, direct, question, "I agree")
        await own.until(lambda: own.asked)
        assert SECRET in str(own.asked[-1])


async def test_the_consent_of_one_is_not_that_of_another(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        message = await own.ann.post(channel, f"{own.mention} hello")
        line = await asked_below(own, channel, message)
        await agree(own, channel, line, own.ben)
        later = await own.ann.post(channel, f"{own.mention} hello?")
        await own.bots[0].logged("message_held_back", message=int(later["id"]))
        assert own.asked == []


async def test_who_withdraws_is_not_answered_any_more(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        assert await answer(await own.ann.command(channel, "chat", {"message": "hi"})) == consent.NEEDED
        handle = await own.ann.command(channel, "about")
        assert "you have not agreed yet" in await answer(handle)
        await press(own.ann, channel, await handle.message(), "I agree")
        thread = await own.converse(channel, "hello")
        handle = await own.ann.command(thread, "about")
        assert "You agreed to this" in await answer(handle)
        await press(own.ann, thread, await handle.message(), "Withdraw my consent")
        earlier = next(m for m in own.discord.messages(channel) if "hello" in m["content"])
        await own.ann.edit(channel, earlier["id"], f"{own.mention} {SECRET}")
        message = await own.ann.post(thread, SECRET)
        await own.bots[0].logged("message_held_back", message=int(message["id"]))
        assert SECRET not in str(await stored(own))
        assert "had not agreed" in await answer(
            await own.ann.command(thread, "why", {"message": message["id"]})
        )


async def test_an_edit_that_adds_a_mention_asks_for_consent_and_what_it_says_then_is_answered(
    world: World,
) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        message = await own.ann.post(channel, "not for you")
        await own.ann.edit(channel, message["id"], f"{own.mention} {SECRET}")
        line = await asked_below(own, channel, message)
        assert SECRET not in str(await stored(own))
        await agree(own, channel, line, own.ann)
        await own.answered(await own.thread_of(message))
        assert SECRET in str(own.asked[-1])


async def test_who_was_forgotten_is_asked_anew(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        message = await own.ann.post(channel, f"{own.mention} hello")
        await agree(own, channel, await asked_below(own, channel, message), own.ann)
        await own.answered(await own.thread_of(message))
        await own.settled(message)
        await forget(own, own.ann, channel)
        again = await own.ann.post(channel, f"{own.mention} {SECRET}")
        line = await asked_below(own, channel, again)
        assert SECRET not in str(await stored(own))
        await agree(own, channel, line, own.ann)
        await own.answered(await own.thread_of(again))


async def test_what_people_said_before_who_have_not_agreed_is_not_read_but_what_somebody_replies_to_is(
    world: World,
) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        handle = await own.ann.command(channel, "about")
        await press(own.ann, channel, await handle.message(), "I agree")
        thread = int((await own.ben.create_thread(channel, "our looms"))["id"])
        await own.ben.post(thread, SECRET)
        await own.ann.post(thread, "about roses")
        await own.settled(await own.ann.post(thread, f"{own.mention} what is this about?"))
        assert SECRET not in str(own.asked)
        assert "about roses" in str(own.asked[-1])
        assert "1 message was left out" in str(own.asked[-1])
        said = await own.ben.post(channel, SECRET)
        asked = await own.ann.post(channel, f"{own.mention} and this?", reply_to=int(said["id"]))
        await own.answered(await own.thread_of(asked))
        assert SECRET in str(own.asked[-1])


async def test_a_message_that_a_proxy_posts_for_somebody_who_has_not_agreed_is_left_alone(
    world: World,
) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        proxied = Proxied.of(own, channel, mentions=True)
        for event in ("original", "copy", "deletion"):
            proxied.play(event)
        await own.bots[0].logged("message_held_back", message=proxied.copy)
        async with asyncio.timeout(ANSWER_S):
            while COPIED in str(await stored(own)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
        assert own.asked == []


async def test_an_edit_of_a_proxied_message_is_that_of_a_person_who_has_withdrawn(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        handle = await own.ann.command(channel, "about")
        await press(own.ann, channel, await handle.message(), "I agree")
        thread = await own.converse(channel, "hello")
        proxied = Proxied.of(own, thread, mentions=False)
        proxied.play("original")
        await own.settled(proxied.original.id)
        proxied.play("copy")
        proxied.play("deletion")
        await own.settled(proxied.copy)
        handle = await own.ann.command(thread, "about")
        await press(own.ann, thread, await handle.message(), "Withdraw my consent")
        own.discord.edit_as_webhook(proxied.copy, SECRET)
        await own.bots[0].logged("message_held_back", message=proxied.copy)
        assert SECRET not in str(await stored(own))
