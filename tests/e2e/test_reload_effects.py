"""Each setting that SIGHUP changes in a running bot, by its effect on Discord; and files that change nothing."""

from __future__ import annotations

import itertools
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.config.live import RELOADED
from bot.conversation import wording
from bot.local.simulator.claude import faults
from tests.e2e.budget_scene import HAIKU, mention, refused
from tests.e2e.test_stopping import half_a_reply
from tests.e2e.world import ANSWER, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

BASE = "[shutdown]\ngrace_s = 0.0\n"
USED_UP = "1 token per month"
ROLE, OUTSIDER = "{role}", "{outsider}"

_words = (f"heddle-{number}" for number in itertools.count())


@dataclass
class Scene:
    """A bot with a settings file, a role that members have, and somebody who has not."""

    world: World
    file: Path
    role: int
    outsider: Any = None

    async def reload(self, text: str) -> dict[str, Any]:
        """Write the file, have it read, and return the line that says so."""
        text = text.replace(ROLE, str(self.role)).replace(OUTSIDER, str(self.outsider.id))
        self.file.write_text(BASE + text)
        return await self.again()

    def member(self) -> Any:
        """Somebody new with the role."""
        person = self.world.person("ben")
        self.world.guild.members[person.id].role_ids.append(self.role)
        return person

    async def again(self, event: str = "settings_reloaded") -> dict[str, Any]:
        """Have the file read as it is, and return the line that says so."""
        (bot,) = self.world.bots
        before = len(bot.log(event))
        bot.signal(signal.SIGHUP)
        await self.world.until(lambda: len(bot.log(event)) > before)
        return bot.log(event)[-1]

    async def is_answered(self, place: int, who: Any, text: str, *, answered: bool) -> None:
        """Say something, and see that it is answered, or that it is not while somebody else is."""
        before = len(self.world.said(place))
        message = await who.post(place, text)
        if answered:
            await self.world.settled(message)
            assert len(self.world.replies(place)) > before
        else:
            await self.world.converse(self.world.channel(), "the next", self.world.person("other"))
            assert len(self.world.said(place)) == before

    def asked_about(self, word: str) -> list[Any]:
        """The requests to Claude that hold a word."""
        return [each for each in self.world.asked if word in str(each.body["messages"])]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reloading(shared: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A bot with a settings file of its own."""
    file = tmp_path_factory.mktemp("reload") / "config.toml"
    file.write_text(BASE)
    async with shared.apart({"BOT_CONFIG": str(file)}) as own:
        yield Scene(own, file, own.role("weavers"))


@pytest.fixture
def scene(reloading: Scene) -> Scene:
    reloading.world.begin()
    reloading.outsider = reloading.world.person("ann")
    return reloading


# Each of these sees whether the setting is `changed`.


async def direct_messages(scene: Scene, *, changed: bool) -> None:
    person = scene.world.person("dora")
    await scene.is_answered(await scene.world.dm_of(person), person, "hello", answered=not changed)


async def max_requests(scene: Scene, *, changed: bool) -> None:
    await _two_at_once(scene, wording.queued(0), changed=changed)


async def max_concurrent(scene: Scene, *, changed: bool) -> None:
    await _two_at_once(scene, wording.waits_in_line(0, where="here"), changed=changed)


async def _two_at_once(scene: Scene, waits: str, *, changed: bool) -> None:
    """The replies to two people run at the same time, or the second one shows that it waits."""
    world, words = scene.world, [next(_words), next(_words)]
    people = [world.person("one"), world.person("two")]
    threads = [await world.converse(world.channel(), "hello", person) for person in people]
    gates = [world.claude.hold(), world.claude.hold()]
    await people[0].post(threads[0], words[0])
    await gates[0].reached()
    await people[1].post(threads[1], words[1])
    if changed:
        await world.until(lambda: any(waits in m["content"] for m in world.said(threads[1])))
        assert not scene.asked_about(words[1])
    else:
        await world.until(lambda: scene.asked_about(words[1]))
    for gate in gates:
        gate.release()
    for thread in threads:
        await world.answered(thread, 2)


async def when(scene: Scene, *, changed: bool) -> None:
    person = scene.world.person("dora")
    thread = await scene.world.converse(scene.world.channel(), "hello", person)
    await scene.is_answered(thread, person, "and again", answered=not changed)


async def ignore_prefix(scene: Scene, *, changed: bool) -> None:
    person = scene.world.person("dora")
    thread = await scene.world.converse(scene.world.channel(), "hello", person)
    await scene.is_answered(thread, person, "?? hm", answered=not changed)
    await scene.is_answered(thread, person, "// hm", answered=changed)


async def outsider_is_left_out(scene: Scene, *, changed: bool) -> None:
    world = scene.world
    place = world.channel()
    await world.converse(place, "hello", scene.member())
    message = await mention(world, scene.outsider, "hello", place)
    if changed:
        await world.converse(place, "the next", scene.member())
        assert int(message["id"]) not in world.discord.world.channels
    else:
        await world.answered(await world.thread_of(message))


async def threads_per_minute(scene: Scene, *, changed: bool) -> None:
    world, person = scene.world, scene.world.person("flo")
    place = world.channel()
    await world.converse(place, "one", person)
    second = await mention(world, person, "two", place)
    if changed:
        await world.until(lambda: world.said(place))
        assert int(second["id"]) not in world.discord.world.channels
    else:
        await world.answered(await world.thread_of(second))


async def turns_per_person(scene: Scene, *, changed: bool) -> None:
    world, person, word = scene.world, scene.world.person("flo"), next(_words)
    threads = [await world.converse(world.channel(), "hello", person) for _ in range(2)]
    gate = world.claude.hold()
    await person.post(threads[0], "the first")
    await gate.reached()
    await person.post(threads[1], word)
    if changed:
        await world.converse(world.channel(), "meanwhile", world.person("other"))
        assert not scene.asked_about(word)
    else:
        await world.until(lambda: scene.asked_about(word))
    gate.release()
    for thread in threads:
        await world.answered(thread, 2)


async def refusals(scene: Scene, *, changed: bool) -> None:
    world, person = scene.world, scene.world.person("dora")
    thread = await world.converse(world.channel(), "hello", person)
    world.claude.faults.add(faults.refusal())
    await world.settled(await person.post(thread, "something forbidden"))
    assert ("\n" in world.said(thread)[1]["content"]) is changed, "the second line tells of the pause"


def limit(words: str, *, after: int = 1, people: int = 1) -> Callable[..., Awaitable[None]]:
    """A limit that lets so many messages through; its line has these words."""

    async def check(scene: Scene, *, changed: bool) -> None:
        world = scene.world
        asking = [world.person("dora") for _ in range(people)]
        place = world.channel()
        for number in range(after):
            await world.settled(await mention(world, asking[0], f"number {number}", place))
        message = await mention(world, asking[-1], "the last", place)
        if changed:
            assert words in await refused(world, message)
        else:
            (reply,) = await world.answered(await world.thread_of(message))
            assert reply["content"] == ANSWER

    return check


async def fallback_model(scene: Scene, *, changed: bool) -> None:
    world, person, word = scene.world, scene.world.person("dora"), next(_words)
    await world.settled(await mention(world, person))
    await world.settled(await mention(world, person, word))
    (asked,) = scene.asked_about(word)
    assert (asked.body["model"] == HAIKU) is changed


async def log_level(scene: Scene, *, changed: bool) -> None:
    (bot,) = scene.world.bots
    before = len(bot.entries)
    await scene.world.converse(scene.world.channel(), "hello", scene.world.person("dora"))
    assert any(each.get("level") == "debug" for each in bot.entries[before:]) is changed


@dataclass(frozen=True)
class Row:
    """Settings, what the file holds without and with the change, and how the change is seen."""

    paths: frozenset[str]
    before: str
    after: str
    check: Callable[..., Awaitable[None]]


def row(path: str, value: str, check: Callable[..., Awaitable[None]], before: str = "", **more: str) -> Row:
    """The row of a setting, and of `more` settings of the section that have to change with it."""
    section, _, key = path.partition(".")
    values = {key: value, **more}
    after = f"[{section}]\n" + "".join(f"{name} = {each}\n" for name, each in values.items())
    return Row(
        frozenset(f"{section}.{each}" for each in (key, *more)),
        before and f"[{section}]\n{before}",
        after,
        check,
    )


FALLBACK = f'person = ["{USED_UP}"]\nfallback_model = "{HAIKU}"\nfallback = ["100000 tokens per month"]\n'

ROWS = (
    row("discord.direct_messages", "false", direct_messages),
    row("claude.max_requests", "1", max_requests),
    row("reply.when", '"mentioned"', when),
    row("reply.ignore_prefix", '"??"', ignore_prefix),
    row("access.allow_roles", f"[{ROLE}]", outsider_is_left_out),
    row("access.block", f"[{OUTSIDER}]", outsider_is_left_out),
    row("limits.threads_per_minute", "1", threads_per_minute),
    row("limits.turns_per_person", "1", turns_per_person),
    row("limits.refusals", "0.5", refusals),
    row("budgets.bot", f'["{USED_UP}"]', limit("I have used up", people=2)),
    row("budgets.server", f'["{USED_UP}"]', limit("This server has used up", people=2)),
    row("budgets.channel", f'["{USED_UP}"]', limit("This channel has used up", people=2)),
    row("budgets.person", f'["{USED_UP}"]', limit("You have used up")),
    Row(
        frozenset({"budgets.fallback_model", "budgets.fallback", "budgets.person"}),
        "",
        f"[budgets]\n{FALLBACK}",
        fallback_model,
    ),
    Row(
        frozenset({"budgets.fallback"}),
        f"[budgets]\n{FALLBACK}",
        f"[budgets]\n{FALLBACK.replace('100000 tokens', '1 token')}",
        limit("also those of the smaller model", after=2),
    ),
    row("turns.max_concurrent", "1", max_concurrent),
    row("telemetry.log_level", '"debug"', log_level),
)


async def test_each_setting_of_the_table_is_here_or_below() -> None:
    assert frozenset().union(*(each.paths for each in ROWS)) | {"shutdown.grace_s"} == RELOADED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "+".join(sorted(row.paths)))
async def test_a_reload_changes_what_people_see_and_the_next_one_changes_it_back(
    scene: Scene, row: Row
) -> None:
    await scene.reload(row.before)
    await row.check(scene, changed=False)
    told = await scene.reload(row.after)
    assert set(told["applied"]) == row.paths
    assert told["needs_restart"] == []
    await row.check(scene, changed=True)
    assert set((await scene.reload(row.before))["applied"]) == row.paths
    await row.check(scene, changed=False)
    await scene.reload("")


@pytest.mark.parametrize("broken", ["toml", "value", "unknown", "not UTF-8", "gone", "a directory"])
async def test_a_broken_file_is_one_line_and_the_settings_before_stay(scene: Scene, broken: str) -> None:
    world = scene.world
    (bot,) = world.bots
    await scene.reload(f"[access]\nblock = [{OUTSIDER}]\n")
    before = len(bot.output)
    match broken:
        case "toml":
            scene.file.write_text("[access\n")
        case "value":
            scene.file.write_text('[access]\nblock = ["Ann"]\n[reply]\nwhen = "mentioned"\n')
        case "unknown":
            scene.file.write_text("[access]\nblok = []\n")
        case "not UTF-8":
            scene.file.write_bytes(b"[reply]\nignore_prefix = '\xff'\n")
        case _:
            scene.file.unlink()
    if broken == "a directory":
        scene.file.mkdir()
    try:
        told = await scene.again("settings_not_reloaded")
    finally:
        if broken == "a directory":
            scene.file.rmdir()
    assert told["level"] == "error"
    assert "config.toml" in told["detail"]
    lines = [each for each in bot.output[before:].splitlines() if '"logger": "bot.wiring.reload"' in each]
    assert len(lines) == 1, bot.output
    assert "Traceback" not in bot.output
    await outsider_is_left_out(scene, changed=True)
    await when(scene, changed=False)
    await scene.reload("")
    await outsider_is_left_out(scene, changed=False)


async def test_the_time_that_replies_have_at_the_end_is_the_reloaded_one(scene: Scene) -> None:
    """The last test of the file: the bot ends."""
    scene.file.write_text("[shutdown]\ngrace_s = 7.0\n")
    assert (await scene.again())["applied"] == ["shutdown.grace_s"]
    bot, gate, thread = await half_a_reply(scene.world)
    bot.signal(signal.SIGTERM)
    await bot.said("finishing_turns")
    gate.release()
    assert await bot.ended() == 0
    assert [m["content"] for m in scene.world.replies(thread)] == ["The first half, the second half."]
