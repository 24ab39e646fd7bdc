"""/audit: what was changed and by whom, who may read that, and the channel to which it is posted."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.audit import (
    MAY_NOT_CHOOSE,
    MAY_NOT_READ,
    NO_LONGER_POSTED,
    NOT_POSTED_BEFORE,
    NOTHING,
    cannot_post,
    posted_from_now_on,
    posting,
)
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import labels, press, streaming
from tests.e2e.test_commands import answer, button, reset, set_prompt
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "tulip"


async def shown(who: Any, place: int, **options: Any) -> list[str]:
    """The lines that /audit show shows."""
    handle = await who.command(place, "audit show", options)
    await handle.response()
    message = await handle.message()
    assert message["ephemeral"]
    return lines_of(message)


def lines_of(message: dict[str, Any]) -> list[str]:
    return [line for embed in message["embeds"] for line in embed["description"].split("\n")]


def ends(lines: list[str]) -> list[str]:
    """The lines without the time."""
    return [line.partition(":f> ")[2] for line in lines]


async def acts(world: World, place: int) -> list[str]:
    """What /audit show shows an administrator, without the times."""
    return ends(await shown(world.admin, place))


async def test_each_administrative_act_is_noted_without_what_people_said(world: World) -> None:
    async with world.apart() as own:
        mod = own.person("mod", bits.MANAGE_THREADS)
        thread = await own.converse(own.channel(), f"the word is {SECRET}")
        await own.settled(thread)
        await set_prompt(own.ann, thread, f"Say {SECRET} often.")
        await answer(await own.ann.command(thread, "model set", {"model": "claude-haiku-5-5"}))
        await press(mod, thread, own.replies(thread)[-1], "Regenerate")
        await own.until(lambda: len(own.asked) == 2 and labels(own.replies(thread)[-1]) == ["Regenerate"])
        await press(own.ann, thread, own.replies(thread)[-1], "Regenerate")
        await own.until(lambda: len(own.asked) == 3 and labels(own.replies(thread)[-1]) == ["Regenerate"])
        await reset(own, own.ann, thread)
        await answer(await own.ann.command(thread, "leave"))
        found = await shown(own.admin, thread)
        ann, where = f"<@{own.ann.id}>", f"<#{thread}>"
        assert ends(found) == [
            f"{ann} made me leave {where}",
            f"{ann} reset {where} (1 turns forgotten)",
            f"<@{mod.id}> had a reply to somebody else written anew in {where}",
            f"{ann} set the model of {where}: `claude-haiku-5-5`",
            f"{ann} set the prompt of {where}: {len(f'Say {SECRET} often.')} characters",
        ]
        assert SECRET not in str(found)


async def test_security_what_changes_nothing_is_not_noted(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        for _ in range(2):
            await answer(await own.ann.command(thread, "leave"))
            await answer(await own.ann.command(thread, "answer set", {"mode": "quiet"}))
            await set_prompt(own.ann, thread, "Be brief.")
        assert await acts(own, thread) == [
            f"<@{own.ann.id}> set the prompt of <#{thread}>: 9 characters",
            f"<@{own.ann.id}> set the answer mode of <#{thread}>: `quiet`",
            f"<@{own.ann.id}> made me leave <#{thread}>",
        ]


async def test_who_stops_a_reply_to_somebody_else_is_noted_and_who_may_not_is_not(world: World) -> None:
    async with world.apart() as own:
        mod = own.person("mod", bits.MANAGE_MESSAGES)
        thread = await own.converse(own.channel(), "hello")
        gate, message = await streaming(own, thread, ["Once ", "upon a time."], "a story")
        await press(mod, thread, own.replies(thread)[-1], "Stop")
        await own.settled(message)
        gate.release()
        await press(own.ben, thread, own.replies(thread)[-1], "Regenerate")
        assert await acts(own, thread) == [f"<@{mod.id}> stopped a reply to somebody else in <#{thread}>"]


async def test_the_log_is_filtered_by_person_act_and_scope(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await set_prompt(own.ann, thread, "Be brief.")
        await set_prompt(own.admin, channel, "Be kind.", "channel")
        await set_prompt(own.admin, channel, "Be good.", "server")
        await answer(await own.ann.command(thread, "model set", {"effort": "low"}))
        boss = own.person("boss", bits.MANAGE_GUILD)
        assert len(await shown(boss, thread)) == 4
        assert len(await shown(boss, thread, person=str(own.ann.id))) == 2
        assert len(await shown(boss, thread, what="system")) == 3
        assert ends(await shown(boss, thread, what="system", scope="thread")) == [
            f"<@{own.ann.id}> set the prompt of <#{thread}>: 9 characters"
        ]
        assert len(await shown(boss, thread, scope="channel")) == 1
        assert "this server" in (await shown(boss, channel, scope="server"))[0]
        assert (
            await answer(await boss.command(channel, "audit show", {"scope": "thread"})) == NOT_A_CONVERSATION
        )
        assert NOTHING in await answer(await boss.command(channel, "audit show", {"what": "reset"}))
        offered = await boss.autocomplete(channel, "audit show", {"what": "reply"}, "what")
        assert [each["value"] for each in offered] == [
            "reply.stopped",
            "reply.regenerated",
            "reply.continued",
        ]


async def test_buttons_turn_the_pages_also_after_a_restart(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        for number in range(12):
            await answer(
                await own.admin.command(channel, "model set", {"effort": ("low", "high")[number % 2]})
            )
        handle = await own.admin.command(channel, "audit show", {"what": "effort"})
        await handle.response()
        first = await handle.message()
        assert len(lines_of(first)) == 10
        await own.bots.pop().stop()
        await own.start_bot()
        await own.admin.press(channel, first["id"], button(first, "Older"))
        await own.until(lambda: len(lines_of(own.discord.message(first["id"]))) == 2)
        older = own.discord.message(first["id"])
        assert "set the effort" in lines_of(older)[-1]
        await own.admin.press(channel, first["id"], button(older, "Latest"))
        await own.until(lambda: len(lines_of(own.discord.message(first["id"]))) == 10)


async def test_only_who_manages_the_server_reads_the_log_and_chooses_its_channel(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello", world.ann)
    mod = world.person("mod", bits.MANAGE_THREADS | bits.MANAGE_MESSAGES)
    for person in (world.ann, world.ben, mod):
        assert await answer(await person.command(thread, "audit show")) == MAY_NOT_READ
        chosen = await person.command(thread, "audit channel", {"channel": str(channel)})
        assert await answer(chosen) == MAY_NOT_CHOOSE


async def test_new_entries_are_posted_to_the_channel_that_was_chosen(world: World) -> None:
    async with world.apart({"BOT_TURNS__POLL_S": "0.2"}, bots=2) as own:
        channel, records = own.channel(), own.channel()
        await set_prompt(own.admin, channel, "Before.", "server")
        chosen = await own.admin.command(channel, "audit channel", {"channel": str(records)})
        assert await answer(chosen) == posted_from_now_on(records)
        for effort in ("low", "high", "max"):
            await answer(await own.admin.command(channel, "model set", {"effort": effort}))
        await own.until(lambda: "`high` → `max`" in str(own.said(records)))
        lines = [line for message in own.said(records) for line in message["content"].split("\n")]
        assert [line.partition(f"<@{own.admin.id}> ")[2] for line in lines] == [
            f"set the channel of this log: <#{records}>",
            f"set the effort of <#{channel}>: `low`",
            f"changed the effort of <#{channel}>: `low` → `high`",
            f"changed the effort of <#{channel}>: `high` → `max`",
        ]
        said = await answer(await own.admin.command(channel, "audit show"))
        assert posting(records, "", is_known=True) in said
        assert await answer(await own.admin.command(channel, "audit channel")) == NO_LONGER_POSTED
        assert await answer(await own.admin.command(channel, "audit channel")) == NOT_POSTED_BEFORE


async def test_a_post_whose_answer_is_lost_stands_in_the_channel_once(world: World) -> None:
    async with world.apart({"BOT_TURNS__POLL_S": "0.2"}, bots=2) as own:
        channel, records = own.channel(), own.channel()
        await answer(await own.admin.command(channel, "audit channel", {"channel": str(records)}))
        await own.until(lambda: own.said(records))
        route = f"/channels/{records}/messages$"
        own.discord.faults.add(action="reset", method="POST", route=route)
        own.discord.faults.add(action="reset_after", method="POST", route=route)
        await answer(await own.admin.command(channel, "model set", {"effort": "low"}))
        await answer(await own.admin.command(channel, "model set", {"effort": "high"}))
        await own.until(lambda: "`low` → `high`" in str(own.said(records)))
        lines = [line for message in own.said(records) for line in message["content"].split("\n")]
        assert len(lines) == 3
        assert len(set(lines)) == 3


async def test_a_lacking_permission_is_named_at_the_choice_and_in_the_log(world: World) -> None:
    async with world.apart({"BOT_TURNS__POLL_S": "0.2"}) as own:
        channel, records = own.channel(), own.channel()
        own.deny(records, bits.SEND_MESSAGES)
        refused = await own.admin.command(channel, "audit channel", {"channel": str(records)})
        assert await answer(refused) == cannot_post(records, "Send Messages")
        other = own.channel()
        await answer(await own.admin.command(channel, "audit channel", {"channel": str(other)}))
        await own.until(lambda: own.said(other))
        own.deny(other, bits.SEND_MESSAGES)
        await answer(await own.admin.command(channel, "model set", {"effort": "low"}))
        await own.bots[0].logged("audit_not_posted")
        said = await answer(await own.admin.command(channel, "audit show"))
        assert posting(other, "Send Messages", is_known=True) in said
