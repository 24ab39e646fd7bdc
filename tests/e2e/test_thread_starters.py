"""What the starter of a thread may do, and who gets a private thread."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer, press, streaming, told
from tests.e2e.limits_scene import bounded, own
from tests.e2e.test_audit import acts
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["bounded", "own"]


async def test_the_starter_stops_a_reply_to_somebody_else_and_others_do_not(own: World) -> None:
    starter, asker, other = own.person("eva"), own.person("finn"), own.person("gil")
    thread = await own.converse(own.channel(), "hello", starter)
    gate, _ = await streaming(own, thread, ["One. ", "Two."], "count", asker)
    handle = await press(other, thread, own.replies(thread)[-1], "Stop")
    assert "the person who started this thread" in await told(handle, own)
    await press(starter, thread, own.replies(thread)[-1], "Stop")
    await own.until(lambda: any("Stopped" in each["content"] for each in own.said(thread)))
    gate.release()
    handle = await starter.command(thread, "retry")
    assert "can do that" in await answer(handle), "what is written for somebody else is theirs"


async def test_a_conversation_is_handed_over_by_its_starter_and_by_moderators_alone(own: World) -> None:
    starter, heir, other = own.person("hal"), own.person("ida"), own.person("jon")
    thread = await own.converse(own.channel(), "hello", starter)

    async def hand(who: Any, to: int) -> str:
        return await answer(await who.command(thread, "handover", {"member": to}))

    assert "can hand it over" in await hand(other, other.id)
    assert "not to an app" in await hand(starter, own.app.user_id)
    assert "is the starter of this thread now" in await hand(starter, heir.id)
    assert "can hand it over" in await hand(starter, starter.id), "it is theirs no more"
    assert "already" in await hand(heir, heir.id)
    assert "can choose" in await answer(await starter.command(thread, "answer set", {"mode": "quiet"}))
    assert "in force" in await answer(await heir.command(thread, "answer set", {"mode": "quiet"}))
    assert "is the starter" in await hand(own.admin, starter.id)
    assert len([line for line in await acts(own, thread) if "handed" in line]) == 2


async def test_nobody_gets_a_private_thread_who_cannot_see_it(own: World) -> None:
    channel, starter, outsider = own.channel(), own.person("kim"), own.person("lea")
    said = await answer(await starter.command(channel, "chat", {"private": True}))
    thread = int(re.findall(r"<#(\d+)>", said)[0])
    handle = await starter.command(thread, "handover", {"member": outsider.id})
    assert "cannot see this thread" in await answer(handle)
    own.deny(channel, bits.VIEW_CHANNEL, outsider.id)
    open_thread = await own.converse(channel, "hello", starter)
    handle = await starter.command(open_thread, "handover", {"member": outsider.id})
    assert "cannot see this thread" in await answer(handle)
