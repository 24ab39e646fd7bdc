"""Cards, reminders, facts and branches while everything goes wrong: each is made once.

A call that waits for a permission is allowed by the person who may decide; whoever is asked again looks first, as the
card says. A reminder is posted once for each time at which it is due. A branch that somebody wants is one thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from bot.local.simulator.claude import ToolUse
from bot.local.simulator.discord import Discord
from bot.local.simulator.discord.errors import ApiError
from bot.store.approvals import read_approval
from bot.store.keys import Keys
from bot.store.reminders import read_reminder
from tests.engine.timeline import Timeline

REMINDER = "⏰ "
SOON = 0.03
"""In minutes: under two seconds."""

LOOK_S = 0.4
ASKER = re.compile(r"<@(\d+)>,(?: or somebody| you can decide)")
GATE = re.compile(r"gate \w+")
CODE = re.compile(r"Reminder `(\w+)`")


def calls(words: str) -> tuple[tuple[ToolUse, ...], ...]:
    """The calls of a reply whose question has these words: one of each kind."""
    return (
        (ToolUse("set_reminder", {"text": f"stir {words}", "in_minutes": SOON}),),
        (ToolUse("permit", {"gate": f"gate {words}"}),),
        (ToolUse("remember", {"fact": f"The loom is at {words}.", "about_me": False}),),
        (
            ToolUse("set_reminder", {"text": f"turn {words}", "in_minutes": SOON}),
            ToolUse("permit", {"gate": f"gate {words}"}),
        ),
    )


@dataclass
class Deeds:
    """`people` press buttons and branch off; `effects` is the channel of effects."""

    discord: Discord
    redis: Redis
    prefix: str
    people: Sequence[Any]
    effects: int
    bot_user: int
    timeline: Timeline
    allowed: set[str] = field(default_factory=set)
    wishes: int = 0

    async def decide(self) -> None:
        """Allow the calls that wait, until cancelled."""
        while True:
            for place, message in list(self._cards()):
                await self._decide(place, message)
            await asyncio.sleep(LOOK_S)

    async def branch(self, person: Any, place: int) -> None:
        """Branch off after the latest reply of a conversation."""
        replies = [
            each
            for each in self._by_bot(place)
            if not each["flags"] & 1 << 12 and not each["content"].startswith(REMINDER)
        ]
        if not replies:
            return
        with contextlib.suppress(ApiError):
            handle = await person.context_command(place, "Branch here", int(replies[-1]["id"]))
            self.wishes += 1
            self.timeline.note("people", f"{person.user.username} branches {place} off {handle.id}")

    async def done(self) -> Counter[str]:
        """How many were made of each kind."""
        names = [each["content"].split()[0] for each in self.discord.messages(self.effects)]
        facts = 0
        async for key in self.redis.scan_iter(match=f"{self.prefix}:*:memory:*", count=1000):
            facts += int(await self.redis.hlen(key))
        return Counter(
            reminders=len(list(self._posted_reminders())),
            permits=names.count("permit"),
            facts=facts,
            branches=len(self._branches()),
        )

    async def at_rest(self) -> bool:
        """Whether no card waits, no reminder is due, and no branch is under way."""
        keys = Keys(self.prefix)
        if list(self._cards()) or await self.redis.zcard(keys.branch_queue):
            return False
        states = [each.state async for each in self._approvals()]
        waiting = [each async for each in self._reminders() if not each.has_ended]
        return not waiting and not {"waiting", "running"} & set(states)

    async def breaches(self, *, forgetful: bool) -> list[str]:
        """What does not hold at rest; a `forgetful` store may have called twice what does not repeat safely."""
        found = [f"a card waits in {place}: {each['content'][:200]}" for place, each in self._cards()]
        found += [f"{each.id} is {each.state}" async for each in self._approvals() if not each.has_ended]
        found += [f"the reminder {each.text} waits" async for each in self._reminders() if not each.has_ended]
        posted = Counter(self._posted_reminders())
        found += [
            f"the reminder {each} was posted {times} times" for each, times in posted.items() if times > 1
        ]
        gates = Counter(
            " ".join(each["content"].split()[2:])
            for each in self.discord.messages(self.effects)
            if each["content"].startswith("permit ")
        )
        if not forgetful:
            found += [f"{gate} was opened {times} times" for gate, times in gates.items() if times > 1]
        branches = self._branches()
        if len(branches) > self.wishes:
            found.append(f"there are {len(branches)} branches for {self.wishes} wishes")
        for branch in branches:
            lines = [
                each for each in self._by_bot(int(branch.id)) if "has branched this off" in each["content"]
            ]
            if len(lines) > 1 or (not lines and not forgetful):
                found.append(f"the branch {branch.id} has {len(lines)} lines")
        return found

    def _branches(self) -> list[Any]:
        return [
            channel
            for channel in self.discord.world.channels.values()
            if channel.thread is not None and str(channel.name).endswith("(branch)")
        ]

    async def _decide(self, place: int, message: dict[str, Any]) -> None:
        asker = ASKER.search(message["content"])
        person = next((each for each in self.people if asker and str(each.id) == asker[1]), None)
        if person is None:
            return
        gate = GATE.search(message["content"])
        made = gate is not None and any(
            each["content"].endswith(f" {gate[0]}") for each in self.discord.messages(self.effects)
        )
        label = "Refuse" if made else "Allow once"
        for row in message["components"]:
            for button in row["components"]:
                if button.get("label") == label:
                    with contextlib.suppress(ApiError):
                        await person.press(place, message["id"], button["custom_id"])
                        self.timeline.note("people", f"{person.user.username}: {label} in {place}")

    def _cards(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for place in list(self.discord.world.channels):
            for message in self._by_bot(place):
                if ASKER.search(message["content"]) and message.get("components"):
                    yield place, message

    def _by_bot(self, place: int) -> list[dict[str, Any]]:
        if place not in self.discord.world.channels:
            return []
        return [each for each in self.discord.messages(place) if each["author"]["id"] == str(self.bot_user)]

    def _posted_reminders(self) -> Iterator[str]:
        for place in list(self.discord.world.channels):
            for message in self._by_bot(place):
                if message["content"].startswith(REMINDER):
                    code = CODE.search(message["content"])
                    yield f"{message['content'].splitlines()[0]} {code[1] if code else ''}"

    async def _approvals(self) -> Any:
        async for key in self.redis.scan_iter(match=f"{self.prefix}:*:p", count=1000):
            for text in (await self.redis.hgetall(key)).values():
                if (found := read_approval(str(text))) is not None:
                    yield found

    async def _reminders(self) -> Any:
        async for key in self.redis.scan_iter(match=f"{self.prefix}:*:m", count=1000):
            for text in (await self.redis.hgetall(key)).values():
                if (found := read_reminder(str(text))) is not None:
                    yield found
