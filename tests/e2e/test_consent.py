"""People are asked for their consent before anything of theirs is kept, where the operator requires that."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation import consent
from tests.e2e.controls import answer, labels, press
from tests.e2e.stored import stored
from tests.e2e.world import World

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
