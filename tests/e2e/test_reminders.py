"""Reminders through the whole bot: set, posted once, listed, cancelled, forgotten; before and after restarts."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from bot.commands import reminders as commands
from bot.commands.reminders import MAY_NOT_CANCEL, MAY_NOT_LIST, NONE_OWN, cancelled, cancelled_late, no_such
from bot.local.simulator.claude import ToolUse
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord import thread_members
from bot.store.keys import Keys
from bot.tools.reminders import NONE_HERE
from tests.e2e.access_scene import block
from tests.e2e.controls import answer
from tests.e2e.discord_tools_scene import call, talking
from tests.e2e.forgetting_scene import forget
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_audit import acts
from tests.e2e.world import SUPPRESS_NOTIFICATIONS, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = ("set_reminder", "list_reminders", "cancel_reminder")
ON = {"BOT_TOOLS__ON": json.dumps(NAMES), "BOT_TURNS__POLL_S": "0.5"}
SOON = 0.02
"""In minutes: about a second."""


def remind(text: str, minutes: float = SOON) -> ToolUse:
    return ToolUse("set_reminder", {"text": text, "in_minutes": minutes})


def reminders(world: World, place: int) -> list[dict[str, Any]]:
    """The reminders that stand in a place."""
    return [each for each in world.said(place) if each["content"].startswith("⏰")]


async def reminded(world: World, place: int, count: int = 1) -> list[dict[str, Any]]:
    await world.until(lambda: len(reminders(world, place)) >= count)
    return reminders(world, place)


async def listed(who: Any, place: int, **options: Any) -> str:
    """What /reminders list shows."""
    handle = await who.command(place, "reminders list", options)
    await handle.response()
    message = await handle.message()
    assert message["ephemeral"]
    return "\n".join([message["content"], *(each["description"] for each in message["embeds"])])


def code_of(told: str) -> str:
    return told.split("The reminder ")[1].split(" ", maxsplit=1)[0]


async def test_a_reminder_notifies_its_person_alone_and_is_no_reply(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    thread = await talking(alone)
    (told,) = await call(alone, thread, remind("stir the pot"), who=alone.ben)
    assert "is set for" in told
    (posted,) = await reminded(alone, thread)
    assert posted["content"].startswith(f"⏰ {alone.ben.mention} stir the pot\n")
    assert [each["id"] for each in posted["mentions"]] == [str(alone.ben.id)]
    assert not posted["flags"] & SUPPRESS_NOTIFICATIONS
    await bot.logged("reminder_posted")
    assert "stir" not in bot.output
    await alone.settled(await alone.ann.post(thread, "what is this?", reply_to=posted["id"]))
    assert "@Ben stir the pot" in str(alone.asked[-1].body["messages"][-1])
    # After a restart that has to find out what was answered, nothing is answered or posted twice.
    before = len(alone.said(thread))
    bot.signal(signal.SIGKILL)
    await alone.start_bot(**ON)
    alone.claude.say("Going on.")
    await alone.settled(await alone.ann.post(thread, "and now?"))
    assert len(alone.said(thread)) == before + 1
    assert alone.said(thread)[-1]["content"] == "Going on."


async def test_what_was_due_while_the_bot_was_down_is_posted_once_by_one_of_two_bots(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    thread = await talking(alone)
    await call(alone, thread, remind("stir the pot", 0.05))
    bot.signal(signal.SIGKILL)
    await bot.ended()
    await alone.start_bot(**ON)
    await alone.start_bot(**ON)
    await reminded(alone, thread)
    alone.claude.say("Yes.")
    await alone.settled(await alone.ann.post(thread, "there?"))
    assert len(reminders(alone, thread)) == 1


async def test_a_bot_that_is_killed_between_the_post_and_its_note_does_not_repeat_the_post(
    alone: World,
) -> None:
    bot = await alone.start_bot(**ON)
    thread = await talking(alone)
    await call(alone, thread, remind("stir the pot", 0.05))
    # The post lands, its answer is lost, and the next try hangs.
    route = f"/channels/{thread}/messages$"
    alone.discord.faults.add(action="reset_after", method="POST", route=route, times=1)
    alone.discord.faults.add(action="delay", method="POST", route=route, times=None, delay_s=60)
    await reminded(alone, thread)
    bot.signal(signal.SIGKILL)
    await bot.ended()
    alone.discord.faults.clear()
    other = await alone.start_bot(**ON)
    async with redis_of(alone) as redis:
        await redis.zadd(Keys(alone.prefix).reminders_due, {str(thread): 1})  # which takes a minute otherwise
    await other.logged("reminder_posted")
    assert len(reminders(alone, thread)) == 1
    assert await listed(alone.ann, thread) == NONE_OWN


async def test_a_reminder_that_is_cancelled_while_it_is_being_posted_is_told_as_one_that_may_appear(
    alone: World,
) -> None:
    await alone.start_bot(**ON)
    thread = await talking(alone)
    (told,) = await call(alone, thread, remind("stir the pot", 0.05))
    # The post lands, its answer is lost, and the next try hangs.
    route = f"/channels/{thread}/messages$"
    alone.discord.faults.add(action="reset_after", method="POST", route=route, times=1)
    alone.discord.faults.add(action="delay", method="POST", route=route, times=None, delay_s=60)
    await reminded(alone, thread)
    code = code_of(told)
    said = await answer(await alone.ann.command(thread, "reminders cancel", {"reminder": code}))
    assert said == cancelled_late(code)
    assert await listed(alone.ann, thread) == NONE_OWN


async def test_in_direct_messages_nobody_elses_reminders_are_listed_or_spoken_of(alone: World) -> None:
    await alone.start_bot()
    dm = await alone.dm_of(alone.ann)
    assert "/tools show" in NONE_OWN
    assert await listed(alone.ann, dm) == NONE_OWN
    assert await listed(alone.ann, dm, thread=True) == commands.NONE_HERE
    refused = await answer(await alone.ann.command(dm, "reminders cancel", {"reminder": "abcde"}))
    assert refused == no_such("abcde")


async def test_people_list_and_cancel_their_own_reminders_and_moderators_those_of_a_thread(
    alone: World,
) -> None:
    await alone.start_bot(**ON)
    thread, other = await talking(alone), await talking(alone)
    mod = alone.person("mod", bits.MANAGE_MESSAGES)
    (mine,) = await call(alone, thread, remind("wash wool", 600))
    (bens,) = await call(alone, thread, remind("buy silk", 700), who=alone.ben)
    (far,) = await call(alone, other, remind("dye it", 800))
    shown = await listed(alone.ann, other)
    assert "wash wool" in shown
    assert "dye it" in shown
    assert "buy silk" not in shown
    assert await listed(alone.ann, thread, thread=True) == MAY_NOT_LIST
    theirs = await listed(mod, thread, thread=True)
    assert ("wash wool" in theirs, "buy silk" in theirs, "dye it" in theirs) == (True, True, False)
    refused = await answer(await alone.ann.command(thread, "reminders cancel", {"reminder": code_of(bens)}))
    assert MAY_NOT_CANCEL in refused
    code = code_of(far)
    assert await answer(await alone.ann.command(thread, "reminders cancel", {"reminder": code})) == cancelled(
        code
    )
    code = code_of(bens)
    assert await answer(await mod.command(thread, "reminders cancel", {"reminder": code})) == cancelled(code)
    assert f"cancelled a reminder of {alone.ben.mention} in <#{thread}>" in str(await acts(alone, thread))
    assert "silk" not in str(await acts(alone, thread))
    assert await listed(alone.ben, thread) == NONE_OWN
    assert code_of(mine) in await listed(alone.ann, thread)


async def test_security_the_tools_show_a_persons_reminders_of_this_place_alone(alone: World) -> None:
    await alone.start_bot(**ON)
    thread = await talking(alone)
    secret = int((await alone.ann.create_thread(alone.channel(), "secret", private=True))["id"])
    await alone.settled(await alone.ann.post(secret, f"{alone.mention} hello"))
    (told,) = await call(alone, secret, remind("the surprise party", 600))
    (bens,) = await call(alone, thread, remind("of Ben", 600), who=alone.ben)
    found = await call(
        alone,
        thread,
        ToolUse("list_reminders"),
        ToolUse("cancel_reminder", {"code": code_of(told)}),
        ToolUse("cancel_reminder", {"code": code_of(bens)}),
    )
    assert found[0] == NONE_HERE
    assert "has no reminder of that code" in found[1]
    assert "has no reminder of that code" in found[2]
    here = await call(
        alone, secret, ToolUse("list_reminders"), ToolUse("cancel_reminder", {"code": code_of(told)})
    )
    assert "the surprise party" in here[0]
    assert "is cancelled" in here[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"text": "x", "at": "2001-01-01T09:00", "zone": "UTC"}, "That time is over"),
        ({"text": "x", "at": "tomorrow", "zone": "UTC"}, "no date and time"),
        ({"text": "x", "at": "2099-01-01T09:00", "zone": "UTC"}, "five years"),
        ({"text": "x", "at": "2027-01-01T09:00", "zone": "Mars"}, "no time zone"),
        ({"text": "x"}, "Give either"),
        ({"text": "x", "in_minutes": 5, "every": "day"}, "needs at and zone"),
        ({"text": "\u200b", "in_minutes": 5}, "words that can be read"),
        ({"text": "x", "in_minutes": -1}, "not valid"),
        (
            {"text": "x", "at": "2001-01-01T09:00", "zone": "Europe/Berlin", "every": "weekday"},
            "every weekday",
        ),
    ],
)
async def test_a_time_that_cannot_be_is_said_to_claude(
    world: World, given: dict[str, Any], expected: str
) -> None:
    async with world.apart({**ON}) as own:
        thread = await talking(own)
        (told,) = await call(own, thread, ToolUse("set_reminder", given))
        assert expected in told


async def test_security_a_reminder_pings_nobody_else(alone: World) -> None:
    await alone.start_bot(**ON)
    thread = await talking(alone)
    shout = f"@everyone @here {alone.ben.mention} <@&{alone.role('Weaver', alone.ben)}>\n# loud"
    await call(alone, thread, remind(shout))
    (posted,) = await reminded(alone, thread)
    assert [each["id"] for each in posted["mentions"]] == [str(alone.ann.id)]
    assert posted["mention_everyone"] is False
    assert posted["mention_roles"] == []
    assert "\n# loud" not in posted["content"]


async def test_security_nobody_is_brought_back_into_a_private_thread_by_a_reminder(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    secret = int((await alone.ann.create_thread(alone.channel(), "secret", private=True))["id"])
    await alone.ann.post(secret, f"{alone.mention} and {alone.ben.mention}, hello")
    await alone.answered(secret)
    await alone.settled(await alone.ben.post(secret, f"{alone.mention} hi"))
    await call(alone, secret, remind("of Ben", 0.25), who=alone.ben)
    place = alone.discord.world.channels[secret]
    thread_members.leave(alone.discord.world, place, alone.ben.id)
    alone.discord.commit()
    await bot.logged("reminder_ended", why="left")
    assert reminders(alone, secret) == []
    assert place.thread is not None
    assert alone.ben.id not in place.thread.members


async def test_security_who_is_blocked_is_reminded_no_more(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    thread = await talking(alone)
    await call(alone, thread, remind("stir the pot", 0.25))
    await block(alone, thread, alone.ann, scope="server")
    await bot.logged("reminder_ended", why="left")
    assert reminders(alone, thread) == []


async def test_an_archived_thread_is_reminded_a_locked_one_not_and_a_deleted_one_ends(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    archived, locked, deleted = [await talking(alone) for _ in range(3)]
    for thread in (archived, locked, deleted):
        await call(alone, thread, remind("stir the pot", 0.25))
    await alone.admin.edit_thread(archived, archived=True)
    await alone.admin.edit_thread(locked, archived=True, locked=True)
    await alone.ann.delete_channel(deleted)
    await reminded(alone, archived)
    await bot.logged("reminder_not_posted")
    assert "“Manage Threads”" in await listed(alone.ann, archived)
    found = await stored(alone)
    assert not any(name.startswith(f"{{{deleted}}}:m") for name in found)


async def test_direct_messages_have_reminders(alone: World) -> None:
    await alone.start_bot(**ON)
    direct = await alone.dm_of(alone.ann)
    await alone.settled(await alone.ann.post(direct, "hello"))
    await call(alone, direct, remind("stir the pot"))
    (posted,) = await reminded(alone, direct)
    assert "stir the pot" in posted["content"]
    await call(alone, direct, remind("wash wool", 600))
    assert (await listed(alone.ann, alone.channel())).endswith("wash wool (direct messages)")


async def test_a_forgotten_person_is_not_reminded_and_their_data_names_their_reminders(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    thread = await talking(alone)
    await call(alone, thread, remind("the canarysecret", 600))
    handle = await alone.ann.command(thread, "my data")
    await handle.response()
    message = await handle.message()
    assert "1 reminders" in message["content"]
    receipt = await forget(alone, alone.ann, thread)
    assert "1 reminder" in receipt
    assert "canarysecret" not in str(await stored(alone))
    assert await listed(alone.ann, thread) == NONE_OWN
    assert "canarysecret" not in bot.output


async def test_the_text_of_a_reminder_is_encrypted(alone: World) -> None:
    from cryptography.fernet import Fernet

    keys = json.dumps([Fernet.generate_key().decode()])
    await alone.start_bot(**ON, BOT_PRIVACY__KEYS=keys)
    thread = await talking(alone)
    await call(alone, thread, remind("canarysecret", 0.1))
    assert "canarysecret" not in str(await stored(alone))
    (posted,) = await reminded(alone, thread)
    assert "canarysecret" in posted["content"]
