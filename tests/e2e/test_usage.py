"""/usage: what was used is told to whom it concerns, as sums, as a picture and as a table, and counts once."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.commands import usage_view
from bot.local.simulator.discord import permissions as bits
from bot.render.chart_drawing import HEIGHT, WIDTH
from tests.e2e.budget_scene import set_limit
from tests.e2e.controls import answer
from tests.e2e.forgetting_scene import forget
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

Rows = list[dict[str, str]]
KINDS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


async def asked_for(person: Any, place: int, **options: Any) -> dict[str, Any]:
    """What /usage answers, to the person alone."""
    handle = await person.command(place, "usage", options)
    await handle.response()
    message: dict[str, Any] = await handle.message()
    assert message["ephemeral"]
    return message


async def files_of(message: dict[str, Any]) -> dict[str, bytes]:
    """The files of an answer, by the ends of their names."""
    found = {}
    async with aiohttp.ClientSession() as session:
        for file in message["attachments"]:
            async with session.get(file["url"]) as response:
                found[file["filename"].rpartition(".")[2]] = await response.read()
    return found


async def table(person: Any, place: int, **options: Any) -> Rows:
    """The rows of the table for spreadsheets."""
    files = await files_of(await asked_for(person, place, csv=True, **options))
    return list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))


def total(rows: Rows, column: str) -> int:
    return sum(int(row[column]) for row in rows)


async def conversed(world: World, channel: int, who: Any = None) -> int:
    """Have a question answered, and wait until the turn has come to its end."""
    thread = await world.converse(channel, "a question", who)
    await world.settled(thread)
    return thread


async def test_a_person_sees_the_sums_of_what_claude_has_reported_with_a_chart_and_a_table(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await conversed(own, own.channel())
        await own.settled(await own.ann.post(thread, "and another one"))
        await conversed(own, own.channel(), own.ben)
        theirs = own.asked[:2]
        message = await asked_for(own.ann, thread, csv=True)
        files = await files_of(message)
        assert Image.open(io.BytesIO(files["png"])).size == (WIDTH, HEIGHT)
        described = message["attachments"][0]["description"]
        rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
        assert (total(rows, "messages"), total(rows, "requests")) == (2, 2)
        columns = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
        reported = [sum(call.usage[kind] or 0 for call in theirs) for kind in KINDS]
        assert [total(rows, column) for column in columns] == reported
        assert f"2 messages, {sum(reported):,} tokens" in described
        assert sum(float(row["cost_usd"]) for row in rows) > 0
        assert {row["person"] for row in rows} == {"Ann"}
        assert message["content"].startswith("**Your usage here, the last 7 days**")
        assert re.search(r"^claude-\S+ +2 ", message["content"], re.MULTILINE)
        assert "What is left to you here:** there is no limit" in message["content"]


async def test_only_who_manages_the_server_sees_what_all_have_used(world: World) -> None:
    async with world.apart() as own:
        thread = await conversed(own, own.channel())
        await conversed(own, own.channel(), own.ben)
        for person in (own.ann, own.person("mod", bits.MANAGE_THREADS)):
            refused = await asked_for(person, thread, scope="server", csv=True)
            assert refused["content"] == usage_view.MAY_NOT_SEE
            assert not refused["attachments"]
        keeper = own.person("keeper", bits.MANAGE_GUILD)
        shown = await asked_for(keeper, thread, scope="server", period="today")
        for person in (own.ann, own.ben):
            assert f"<@{person.user.id}>: 1 message," in shown["content"]
        assert {row["person"] for row in await table(keeper, thread, scope="server")} == {"Ann", "Ben"}


async def test_a_conversation_is_named_to_those_alone_who_read_it(world: World) -> None:
    async with world.apart() as own:
        public, hidden = own.channel(), own.channel()
        keeper = own.person("keeper", bits.MANAGE_GUILD)
        await conversed(own, public)
        await conversed(own, hidden)
        await answer(await own.ann.command(public, "chat", {"message": "a secret", "private": True}))
        (private,) = [each for each in own.discord.threads(public) if each["type"] == 12]
        await own.answered(int(private["id"]), 2)
        own.deny(hidden, bits.VIEW_CHANNEL, keeper.user.id)
        # A thread manager reads private threads; Ann is known to read hers where she asks there.
        expected = {
            (keeper, public): {public: 1, 0: 2},
            (own.admin, public): {public: 2, hidden: 1},
            (own.ann, public): {public: 1, hidden: 1, 0: 1},
            (own.ann, int(private["id"])): {public: 2, hidden: 1},
        }
        for (person, place), channels in expected.items():
            scope = "me" if person is own.ann else "server"
            rows = await table(person, place, scope=scope)
            found: dict[int, int] = {}
            for row in rows:
                channel = int(row["channel_id"] or 0)
                found[channel] = found.get(channel, 0) + int(row["messages"])
                assert (row["channel"] == "other") == (not channel)
            assert found == channels
            shown = await asked_for(person, place, scope=scope)
            assert str(private["id"]) not in shown["content"]
            assert ("other channels" in shown["content"]) == (0 in channels)
            assert (f"<#{hidden}>" in shown["content"]) == (hidden in channels)


async def test_names_are_no_formulas_for_a_spreadsheet(world: World) -> None:
    async with world.apart() as own:
        evil = own.discord.add_user("evil-of-usage", '=HYPERLINK("http://x")', guild=own.guild)
        place = await conversed(own, own.channel(), evil)
        (row,) = await table(evil, place)
        assert row["person"] == '\'=HYPERLINK("http://x")'
        assert row["channel"].startswith("#")


async def test_a_person_sees_what_is_left_of_each_limit_and_when_it_is_whole_again(world: World) -> None:
    settings = {"BOT_BUDGETS__PERSON": "4 messages per month", "BOT_BUDGETS__BOT": "100000 USD per month"}
    async with world.apart(settings) as own:
        place = await conversed(own, own.channel())
        shown = (await asked_for(own.ann, place))["content"]
        assert "`▰▰▰▰▰▰▰▰▱▱` 75%: 3 messages of 4 messages per month for you; whole again <t:" in shown
        assert "for the whole bot; whole again <t:" in shown
        other = (await asked_for(own.ben, place))["content"]
        assert "100%: 4 messages of 4 messages per month for you\n" in f"{other}\n"
        assert usage_view.NOTHING in other


async def test_who_manages_the_server_sees_how_long_its_limits_last(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await set_limit(own, channel, "1 messages per month")
        await set_limit(own, channel, "1000000 messages per month", scope="channel")
        place = await conversed(own, channel)
        shown = (await asked_for(own.admin, place, scope="server"))["content"]
        assert "- This server: 1 message of 1 message per month; used up; renews <t:" in shown
        assert (
            "- This channel: 1 message of 1,000,000 messages per month; lasts until it renews; renews"
            in shown
        )


async def test_usage_of_direct_messages_is_shown_there_and_nowhere_else(world: World) -> None:
    async with world.apart() as own:
        direct = await own.dm_of(own.ann)
        await own.settled(await own.ann.post(direct, "hello"))
        assert total(await table(own.ann, direct), "messages") == 1
        assert (await asked_for(own.ann, direct, scope="server"))["content"] == usage_view.ONLY_IN_SERVERS
        assert usage_view.NOTHING in (await asked_for(own.ann, own.channel()))["content"]


async def test_a_turn_whose_bot_is_killed_counts_once_with_the_lost_request_of_unknown_cost(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        gate = own.claude.hold(after=1)
        own.claude.say(["Half", " of it."])
        message = await own.ann.post(channel, f"{own.mention} hello")
        await gate.reached()
        await own.bots[0].kill()
        own.bots.clear()
        await own.start_bot()
        await own.settled(message)
        rows = await table(own.ann, channel)
        counted = [total(rows, each) for each in ("messages", "requests", "requests_of_unknown_cost")]
        assert counted == [1, 2, 1]
        assert "1 request could not be fully priced" in (await asked_for(own.ann, channel))["content"]


async def test_two_bots_count_each_turn_once_and_a_reset_takes_nothing_off(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        threads = [await own.converse(channel, "a question", who) for who in (own.ann, own.ben) * 3]
        for thread in threads:
            await own.settled(thread)
        assert total(await table(own.admin, channel, scope="server"), "messages") == 6
        handle = await own.ann.command(threads[0], "reset")
        await handle.response()
        question = await handle.message()
        custom_id = question["components"][0]["components"][0]["custom_id"]
        await own.ann.press(threads[0], question["id"], custom_id)
        await own.until(lambda: not own.discord.message(question["id"])["components"])
        assert total(await table(own.admin, channel, scope="server"), "messages") == 6


async def test_a_forgotten_person_is_not_named_and_the_server_keeps_its_sums(world: World) -> None:
    async with world.apart() as own:
        place = await conversed(own, own.channel())
        receipt = await forget(own, own.ann, place)
        assert "1 row of usage under your name" in receipt
        (row,) = await table(own.admin, place, scope="server")
        assert (row["person_id"], row["person"], row["messages"]) == ("", "forgotten", "1")
        shown = (await asked_for(own.admin, place, scope="server"))["content"]
        assert "people who were forgotten: 1 message," in shown
        assert usage_view.NOTHING in (await asked_for(own.ann, place))["content"]
