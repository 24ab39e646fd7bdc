"""What a rule or a setting has left unanswered is not answered once the rule is gone."""

from __future__ import annotations

import pytest

from tests.e2e.access_scene import block, rule
from tests.e2e.answer_scene import answered_next, choose
from tests.e2e.controls import answer
from tests.e2e.test_missed import QUICK, swept
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERY = {**QUICK, "BOT_RECOVERY__EVERY_S": "3"}
"""Long enough for a message and two commands, so that a listing finds the message after the rule is gone."""


@pytest.mark.parametrize("how", ["never", "quiet", "blocked"])
async def test_what_was_written_under_a_rule_stays_unanswered_once_the_rule_is_gone(
    alone: World, how: str
) -> None:
    await alone.start_bot(**EVERY)
    channel = alone.channel()
    thread = await alone.converse(channel, "hello")
    if how == "blocked":
        await block(alone, channel, alone.ben)
    else:
        await choose(alone, thread, how, "thread")
    await swept(alone, 1)
    await alone.ben.post(thread, "the secret")
    if how == "blocked":
        mention = await alone.ben.post(channel, f"{alone.mention} the secret")
        await rule(alone, channel, "clear")
    else:
        await answered_next(alone, alone.channel(), "elsewhere")
        await answer(await alone.admin.command(thread, "answer clear", {"scope": "thread"}))
    await swept(alone)
    await answered_next(alone, thread)
    assert len(alone.replies(thread)) == 2
    assert not [call for call in alone.claude.requests if "the secret" in str(call.body["messages"][-1])]
    if how == "blocked":
        assert int(mention["id"]) not in alone.discord.world.channels


async def test_a_message_that_was_edited_since_is_decided_anew(alone: World) -> None:
    await alone.start_bot(**EVERY)
    thread = await alone.converse(alone.channel(), "hello")
    await choose(alone, thread, "quiet", "thread")
    message = await alone.ben.post(thread, "how do looms work?")
    await alone.ben.edit(thread, int(message["id"]), f"{alone.mention} how do looms work?")
    await alone.answered(thread, 2)
