"""/system history and presets: who may what, and what reaches Claude."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import presets as presets_
from bot.commands.presets import (
    EMPTY,
    MAY_NOT_DELETE,
    MAY_NOT_SAVE,
    NONE_YET,
    deleted,
    no_such,
    saved,
    used,
)
from bot.commands.prompt_history import never_set, restored
from bot.commands.system import MAY_NOT_SET
from bot.conversation.prompt import PREAMBLE
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.in_time import first_answer
from tests.e2e.test_audit import ends, shown
from tests.e2e.test_commands import LONG_PROMPT, answer, button, set_prompt, told_after
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def history(person: Any, place: int, **options: str) -> dict[str, Any]:
    """The message that /system history shows."""
    handle = await person.command(place, "system history", options)
    await handle.response()
    message: dict[str, Any] = await handle.message()
    assert message["ephemeral"]
    return message


def description(message: dict[str, Any]) -> str:
    return str(message["embeds"][0]["description"])


def prompt_of(call: Any) -> str:
    """The prompt that was set, without the preamble."""
    preamble, *rest = [block["text"] for block in call.body["system"]]
    assert preamble == PREAMBLE
    return "".join(rest)


async def test_each_change_of_a_prompt_is_shown_with_who_when_and_what(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    mod = world.person("mod", bits.MANAGE_THREADS)
    await set_prompt(world.ann, thread, "Be kind.\nBe brief.")
    await set_prompt(mod, thread, "Be kind.\nBe long.\n```\n@everyone")
    await answer(await world.ann.command(thread, "system clear"))
    latest = await history(world.ann, thread)
    assert "change 1 of 3" in latest["content"]
    assert f"Removed by <@{world.ann.id}> <t:" in description(latest)
    assert "-Be long." in description(latest)
    await world.ann.press(thread, latest["id"], button(latest, "Older"))
    await world.until(lambda: "change 2 of 3" in world.discord.message(latest["id"])["content"])
    second = description(world.discord.message(latest["id"]))
    assert f"Set by <@{mod.id}> <t:" in second
    assert " Be kind.\n-Be brief.\n+Be long." in second
    assert second.count("```") == 2


async def test_one_press_goes_back_and_that_is_a_change_of_its_own(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await set_prompt(own.ann, thread, "FIRST")
        await set_prompt(own.ann, thread, "SECOND")
        page = await history(own.ann, thread)
        await own.bots.pop().stop()
        await own.start_bot()
        await own.ann.press(thread, page["id"], button(page, "Go back to the one before"))
        said = restored(Scope.THREAD, removed=False)
        await own.until(lambda: said in own.discord.message(page["id"])["content"])
        assert "change 1 of 3" in own.discord.message(page["id"])["content"]
        await own.settled(await own.ann.post(thread, "go on"))
        assert prompt_of(own.asked[-1]) == "FIRST"
        boss = own.person("boss", bits.MANAGE_GUILD)
        assert ends(await shown(boss, thread))[0] == (
            f"<@{own.ann.id}> changed the prompt of <#{thread}>: 6 characters → 5 characters"
        )


async def test_a_removed_prompt_can_be_gone_back_to_and_to_none_as_well(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await set_prompt(world.ann, thread, "FIRST")
    await answer(await world.ann.command(thread, "system clear"))
    await set_prompt(world.ann, thread, "SECOND")
    page = await history(world.ann, thread)
    await world.ann.press(thread, page["id"], button(page, "Go back to no prompt"))
    said = restored(Scope.THREAD, removed=True)
    await world.until(lambda: said in world.discord.message(page["id"])["content"])
    await world.settled(await world.ann.post(thread, "go on"))
    assert prompt_of(world.asked[-1]) not in ("FIRST", "SECOND")


async def test_only_who_may_set_a_prompt_sees_its_history_and_goes_back(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello", world.ann)
    mod = world.person("mod", bits.MANAGE_THREADS)
    await set_prompt(mod, thread, "FIRST")
    await set_prompt(mod, thread, "SECOND")
    assert await answer(await world.ben.command(thread, "system history")) == MAY_NOT_SET[Scope.THREAD]
    for scope in (Scope.CHANNEL, Scope.SERVER):
        handle = await mod.command(thread, "system history", {"scope": scope.value})
        assert await answer(handle) == MAY_NOT_SET[scope]
    page = await history(mod, thread)
    world.deny(channel, bits.MANAGE_THREADS, mod.id)
    pressed = await mod.press(thread, page["id"], button(page, "Go back to the one before"))
    assert await told_after(pressed, world) == MAY_NOT_SET[Scope.THREAD]
    pressed = await mod.press(thread, page["id"], button(page, "Older"))
    assert await told_after(pressed, world) == MAY_NOT_SET[Scope.THREAD]
    await world.settled(await world.ann.post(thread, "go on"))
    assert prompt_of(world.asked[-1]) == "SECOND"
    other = world.channel()
    handle = await world.admin.command(other, "system history", {"scope": "channel"})
    assert await answer(handle) == never_set(Scope.CHANNEL)


async def test_a_long_difference_is_a_file_that_goes_with_its_page(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await set_prompt(world.ann, thread, LONG_PROMPT)
    await set_prompt(world.ann, thread, f"{LONG_PROMPT[:-5]}Tied!")
    first = await history(world.ann, thread)
    assert not first["attachments"]
    await world.ann.press(thread, first["id"], button(first, "Older"))
    await world.until(lambda: world.discord.message(first["id"])["attachments"])
    (file,) = world.discord.message(first["id"])["attachments"]
    assert file["filename"] == "difference.diff"
    older = world.discord.message(first["id"])
    await world.ann.press(thread, first["id"], button(older, "Newer"))
    await world.until(lambda: not world.discord.message(first["id"])["attachments"])


# Presets


async def save(person: Any, place: int, name: str, prompt: str) -> str:
    """Save a preset by command and modal."""
    opened = await person.command(place, "system preset save", {"name": name})
    assert (await opened.response()).kind == "modal"
    return await answer(await person.submit(opened, {"prompt": prompt}))


async def test_a_preset_is_saved_used_shown_and_deleted(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        boss = own.person("boss", bits.MANAGE_GUILD)
        assert await answer(await boss.command(channel, "system preset list")) == NONE_YET
        assert await save(boss, channel, "Kind tutor", "Explain kindly.") == saved(
            "Kind tutor", replaced=False
        )
        assert await save(boss, channel, "Editor", "Shorten.") == saved("Editor", replaced=False)
        thread = await own.converse(channel, "hello", own.ann)
        offered = await own.ann.autocomplete(thread, "system preset use", {"name": "kind"}, "name")
        assert [each["value"] for each in offered] == ["Kind tutor"]
        done = await own.ann.command(thread, "system preset use", {"name": "Kind tutor"})
        assert await answer(done) == used("Kind tutor", Scope.THREAD)
        await own.settled(await own.ann.post(thread, "go on"))
        assert prompt_of(own.asked[-1]) == "Explain kindly."
        assert await save(boss, channel, "Kind tutor", "Ask first.") == saved("Kind tutor", replaced=True)
        await own.settled(await own.ann.post(thread, "go on"))
        assert prompt_of(own.asked[-1]) == "Explain kindly."
        listing = await own.ben.command(thread, "system preset list")
        await listing.response()
        shown_list = description(await listing.message())
        assert "`Editor`: 8 characters, saved <t:" in shown_list
        assert str(boss.id) not in shown_list
        listing = await boss.command(thread, "system preset list")
        await listing.response()
        assert f":R> by <@{boss.id}>" in description(await listing.message())
        one = await answer(await own.ben.command(thread, "system preset list", {"name": "Kind tutor"}))
        assert "Ask first." in one
        gone = await answer(await boss.command(channel, "system preset delete", {"name": "Editor"}))
        assert gone == deleted("Editor")
        missing = await answer(await own.ann.command(thread, "system preset use", {"name": "Editor"}))
        assert missing == no_such("Editor")
        noted = [line for line in ends(await shown(boss, channel)) if "preset" in line]
        assert noted == [
            f"<@{boss.id}> deleted a preset of 8 characters",
            f"<@{boss.id}> saved a preset: 15 → 10 characters",
            f"<@{boss.id}> saved a preset: 0 → 8 characters",
            f"<@{boss.id}> saved a preset: 0 → 15 characters",
        ]


async def test_who_may_not_set_a_prompt_may_not_use_a_preset_and_only_managers_save(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello", own.ann)
        await save(own.admin, channel, "tutor", "Explain.")
        mod = own.person("mod", bits.MANAGE_THREADS)
        for person in (own.ann, mod):
            for command, refusal in (("save", MAY_NOT_SAVE), ("delete", MAY_NOT_DELETE)):
                handle = await person.command(thread, f"system preset {command}", {"name": "tutor"})
                assert await answer(handle) == refusal
        used_by_ben = await own.ben.command(thread, "system preset use", {"name": "tutor"})
        assert await answer(used_by_ben) == MAY_NOT_SET[Scope.THREAD]
        wider = await mod.command(thread, "system preset use", {"name": "tutor", "scope": "server"})
        assert await answer(wider) == MAY_NOT_SET[Scope.SERVER]
        assert await save(own.admin, channel, "empty", "   ") == EMPTY
        opened = await own.admin.command(channel, "system preset save", {"name": "tutor"})
        modal = (await opened.response()).data
        assert modal["components"][0]["component"]["value"] == "Explain."


async def test_no_more_presets_are_saved_than_can_be_offered(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        for number in range(25):
            await save(own.admin, channel, f"p{number}", "x")
        assert await save(own.admin, channel, "one more", "My text.") == presets_.FULL
        offered = await own.admin.autocomplete(channel, "system preset use", {"name": ""}, "name")
        assert len(offered) == 25


async def test_presets_and_history_are_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    for delay_s in (0.8, 5.0):
        proxy.delay_s = delay_s
        for command, options in (
            ("system history", {}),
            ("system preset save", {"name": "a"}),
            ("system preset use", {"name": "a"}),
        ):
            response = await first_answer(lambda c=command, o=options: own.ann.command(thread, c, o))  # type: ignore[misc]
            assert response.ephemeral or response.kind == "modal"
        assert await own.ann.autocomplete(thread, "system preset use", {"name": "a"}, "name") == []
