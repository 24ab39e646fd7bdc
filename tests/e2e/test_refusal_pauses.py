"""People who collect refusals are paused."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.access_view import lifted_pause
from bot.conversation import reply_wording, wording
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from bot.local.simulator.claude import faults
from tests.e2e.controls import answer, press, sent, told
from tests.e2e.limits_scene import TIMESTAMP, bounded, own, why
from tests.e2e.proxied import PLURALKIT
from tests.e2e.test_audit import acts
from tests.e2e.world import ANSWER, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["bounded", "own"]


async def refused(world: World, thread: int, person: Any, text: str) -> dict[str, Any]:
    """Ask for something that Claude declines, and return what the bot says."""
    count = len(world.said(thread))
    world.claude.faults.add(faults.refusal())
    await world.settled(await person.post(thread, text))
    return world.said(thread)[count]


async def test_a_refused_exchange_is_not_sent_again_and_the_next_turn_is_answered(own: World) -> None:
    person = own.person("cara")
    thread = await own.converse(own.channel(), "hello", person)
    said = await refused(own, thread, person, "something forbidden")
    assert said["content"] == wording.small(reply_wording.REFUSED)
    await own.settled(await person.post(thread, "something kind"))
    assert own.replies(thread)[-1]["content"] == ANSWER
    assert "something forbidden" not in sent(own)
    assert "declined" not in sent(own)
    assert "hello" in sent(own)


async def test_who_collects_refusals_is_paused_told_once_and_let_in_again_by_an_admin(own: World) -> None:
    channel, person = own.channel(), own.person("dora")
    thread = await own.converse(channel, "hello", person)
    for number in range(3):
        said = await refused(own, thread, person, f"forbidden {number}")
        assert said["content"] == wording.small(reply_wording.REFUSED)
    last = await refused(own, thread, person, "forbidden once more")
    (until,) = TIMESTAMP.findall(last["content"])
    pause = wording.paused(person.id, int(until) * 1000)
    assert last["content"] == f"{wording.small(reply_wording.REFUSED)}\n{wording.small(pause)}"
    for command in ("chat", "retry"):
        assert await answer(await person.command(thread, command)) == pause
    handle = await press(person, thread, own.replies(thread)[-1], "Try again")
    assert await told(handle, own) == pause
    before, asked = len(own.said(thread)), len(own.asked)
    ignored = [await person.post(thread, "hello?"), await person.post(channel, f"{own.mention} hello?")]
    (*_, latest) = [m for m in own.discord.messages(thread) if m["content"] == "forbidden once more"]
    await person.edit(thread, latest["id"], "something kind instead")

    def applied() -> list[str]:
        """How each bot has applied the edit."""
        edit = int(latest["id"])
        return [entry["where"] for bot in own.bots for entry in bot.log("message_edited", message=edit)]

    await own.until(applied)
    assert set(applied()) == {"old"}, "it is not answered again"
    # Others in the thread are answered; the paused person's messages and edits are not.
    await own.settled(await own.ann.post(thread, f"{own.mention} and I?"))
    assert len(own.asked) == asked + 1
    assert len(own.said(thread)) == before + 1
    assert own.said(channel) == []
    assert "hello?" not in sent(own)
    assert because(Reason.PAUSED).told("")[:-1] in await why(own.ann, thread, ignored[0])
    shown = await answer(await person.command(channel, "access show"))
    assert "before the pause ends" in shown
    # Only those who manage the server end a pause.
    assert "Manage Server" in await answer(
        await own.ann.command(channel, "access clear", {"person": person.id})
    )
    assert await own_pause(own, person)
    handle = await own.admin.command(channel, "access clear", {"person": person.id})
    assert await answer(handle) == lifted_pause(person.id)
    await own.settled(await person.post(thread, "and now?"))
    assert own.replies(thread)[-1]["content"] == ANSWER
    assert any("ended the pause" in line for line in await acts(own, channel))


async def test_in_direct_messages_a_pause_names_nobody_who_could_end_it(own: World) -> None:
    person = own.person("elsa")
    direct = await own.dm_of(person)
    await own.settled(await person.post(direct, "hello"))
    for number in range(3):
        await refused(own, direct, person, f"forbidden {number}")
    last = await refused(own, direct, person, "forbidden once more")
    (until,) = TIMESTAMP.findall(last["content"])
    pause = wording.paused(person.id, int(until) * 1000, is_direct=True)
    assert last["content"] == f"{wording.small(reply_wording.REFUSED)}\n{wording.small(pause)}"
    assert await answer(await person.command(direct, "retry")) == pause
    ignored = await person.post(direct, "hello?")
    await own.until(lambda: any(bot.log("message_limited", message=int(ignored["id"])) for bot in own.bots))
    text = await why(person, direct, ignored)
    assert because(Reason.PAUSED).switch_in(is_direct=True) in text
    assert "/access" not in text


async def own_pause(world: World, person: Any) -> bool:
    shown = await answer(await person.command(world.channel(), "access show"))
    return "You are paused: no answers before the pause ends" in shown


async def test_edits_of_proxied_messages_are_those_of_the_person_behind_them(own: World) -> None:
    channel, person = own.channel(), own.person("nora")
    thread = await own.converse(channel, "hello", person)
    original = await person.post(thread, "L: what is a warp?")
    place = own.discord.world.channels[thread]
    copy = own.discord.post_as_webhook(place, "Luna", "what is a warp?", application_id=PLURALKIT)
    await person.delete(thread, original["id"])
    await own.settled(int(copy["id"]))
    for number in range(4):
        await refused(own, thread, person, f"forbidden {number}")
    asked, edit = len(own.asked), int(copy["id"])
    own.discord.edit_as_webhook(edit, "what is a weft?")
    await own.until(lambda: any(bot.log("message_edited", message=edit) for bot in own.bots))
    found = [entry["where"] for bot in own.bots for entry in bot.log("message_edited", message=edit)]
    assert set(found) == {"old"}, "it is not answered again"
    await own.settled(await own.ann.post(thread, f"{own.mention} and I?"))
    assert len(own.asked) == asked + 1
    assert "weft" in sent(own)
