"""A lively scene: a person leaves words in everything that the bot keeps, and others quote and mention them."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.conversation.audit import Actor
from bot.conversation.reminder import Reminder
from bot.conversation.scope import Scope
from bot.conversation.tool_settings import FAMILY, ON
from bot.store.keys import Keys
from bot.store.reminders import Reminders
from bot.store.scope_settings import ScopeSettings
from bot.tools.memory import REMEMBER
from tests.e2e.controls import answer
from tests.e2e.stored import redis_of
from tests.e2e.world import ANSWER_S, LOOK_S, World
from tests.patience import Patience


def word(kind: str) -> str:
    """A word that stands nowhere else."""
    return f"{kind}{secrets.token_hex(6)}"


@dataclass
class Canary:
    """The words of one person, by where they stand."""

    name: str = field(default_factory=lambda: word("name"))
    message: str = field(default_factory=lambda: word("message"))
    file_name: str = field(default_factory=lambda: word("filename"))
    file: str = field(default_factory=lambda: word("file"))
    fact: str = field(default_factory=lambda: word("fact"))
    prompt: str = field(default_factory=lambda: word("prompt"))
    title: str = field(default_factory=lambda: word("title"))
    embed: str = field(default_factory=lambda: word("embed"))
    poll: str = field(default_factory=lambda: word("poll"))
    preset: str = field(default_factory=lambda: word("preset"))

    @property
    def words(self) -> dict[str, str]:
        """All words by kind."""
        return dict(vars(self))


@dataclass
class Lively:
    """The scene: who is to be forgotten, and the places where they have written."""

    canary: Canary
    person: Any
    thread: int
    others_thread: int
    direct: int


async def done(world: World, place: int, message: dict[str, Any]) -> None:
    """Wait until a message is answered; told by the store, because the log may be quiet."""
    record = Keys(world.prefix).record(place, int(message["id"]))
    patience = Patience(ANSWER_S, lambda: [bot.pid for bot in world.bots])
    async with redis_of(world) as redis:
        while not patience.is_over:
            if await redis.hget(record, "state") == "done":
                return
            await asyncio.sleep(LOOK_S)
    logs = "\n---\n".join(bot.output for bot in world.bots)
    raise AssertionError(f"{message['id']} is not answered\n{logs}")


async def remind(world: World, person: Any, thread: int, text: str) -> None:
    """Keep a reminder that is due in an hour."""
    now_ms = round(time.time() * 1000)
    reminder = Reminder(
        id=person.id % (1 << 52),
        conversation=thread,
        channel=None,
        server=world.guild.id,
        is_private=False,
        person=person.id,
        text=text,
        first=datetime.fromtimestamp(now_ms / 1000 + 3600, UTC).replace(tzinfo=None).isoformat(),
        zone="UTC",
        every="day",
        due_ms=now_ms + 3_600_000,
        created_ms=now_ms,
        since_ms=now_ms,
    )
    async with redis_of(world) as redis:
        await Reminders(redis, Keys(world.prefix)).add(reminder, 3600)


async def lively(world: World) -> Lively:
    """Play the scene, until the bot has answered everything."""
    canary = Canary()
    person = world.discord.add_user(
        canary.name, display_name=canary.name.title(), guild=world.guild, permissions=1 << 5
    )
    channel = world.channel()
    # The title of the thread is taken from the message that opens it.
    thread = await world.converse(channel, f"{canary.title} is what I ask about", person)
    said = await person.post(
        thread,
        f"{canary.message} and a file",
        attachments=[(f"{canary.file_name}.txt", "text/plain", f"{canary.file} is its content".encode())],
    )
    await done(world, thread, said)
    poll = await person.ask_poll(thread, canary.poll, ["yes", f"no {canary.poll}"])
    await done(world, thread, poll)
    another = world.another_bot(word("app"))
    embed = await another.post(thread, "", embeds=[{"title": canary.embed, "description": canary.embed}])
    asked = await person.post(thread, f"{world.mention} what is this?", reply_to=int(embed["id"]))
    await done(world, thread, asked)
    # Somebody else replies to the person, mentions them and stays when they are gone.
    others = await world.converse(channel, "my own thread", world.ben)
    theirs = await person.post(others, f"{canary.message} in the thread of Ben")
    await done(world, others, theirs)
    quoting = await world.ben.post(
        others, f"{world.mention} as {person.mention} says", reply_to=int(theirs["id"])
    )
    await done(world, others, quoting)
    await done(world, others, await world.ben.post(others, f"{world.mention} thanks to {person.mention}"))
    opened = await person.command(thread, "system set", {"scope": "thread"})
    await opened.response()
    await answer(await person.submit(opened, {"prompt": f"Always say {canary.prompt}."}))
    opened = await person.command(thread, "system preset save", {"name": canary.preset})
    await opened.response()
    await answer(await person.submit(opened, {"prompt": f"A preset with {canary.prompt}."}))
    await remind(world, person, thread, canary.message)
    await _switch_on_memory(world, thread)
    await answer(await person.command(thread, "memory remember", {"fact": f"{canary.fact} is a fact."}))
    # A message for somebody else is left alone, and the decision about it is noted.
    await person.post(thread, f"{world.ben.mention} {canary.message} is for you")
    await done(world, thread, await person.post(thread, "and now?"))
    # A branch holds a copy of all that.
    reply = int(world.replies(thread)[-1]["id"])
    assert (await answer(await person.context_command(thread, "Branch here", reply))).startswith("Here it is")
    direct = await world.dm_of(person)
    await done(world, direct, await person.post(direct, f"{canary.message} in private"))
    return Lively(canary, person, thread, others, direct)


async def _switch_on_memory(world: World, thread: int) -> None:
    async with redis_of(world) as redis:
        settings = ScopeSettings(redis, Keys(world.prefix), ttl_s=1000, audit_s=1000)
        actor = Actor(world.guild.id, world.admin.id, 1)
        await settings.change(actor, Scope.THREAD, thread, {FAMILY + REMEMBER: ON})
