"""How each setting that a running bot reads again shows on Discord: a check sees whether the setting is `changed`."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable

from bot.conversation import status_wording, wording
from bot.local.simulator.claude import faults
from tests.e2e.budget_scene import HAIKU, mention, refused
from tests.e2e.reload_scene import Scene
from tests.e2e.world import ANSWER

_words = (f"heddle-{number}" for number in itertools.count())


async def direct_messages(scene: Scene, *, changed: bool) -> None:
    person = scene.world.person("dora")
    await scene.is_answered(await scene.world.dm_of(person), person, "hello", answered=not changed)


async def max_requests(scene: Scene, *, changed: bool) -> None:
    await _two_at_once(scene, status_wording.queued(0), changed=changed)


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
