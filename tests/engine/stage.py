"""One of the small worlds of an arena: its people, its bots, and waits for what they do."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.local.simulator.claude.record import Call
from tests.e2e.world import World
from tests.engine.bot import LOOK_S, Bot
from tests.engine.comparison import Said
from tests.engine.invariants import Scene
from tests.engine.tools import CHANNEL, effects, repeated
from tests.patience import Patience

if TYPE_CHECKING:
    from tests.engine.arena import Arena

QUICK = {
    "BOT_TURNS__LEASE_S": "1.0",
    "BOT_TURNS__HEARTBEAT_S": "0.3",
    "BOT_TURNS__POLL_S": "0.15",
    "BOT_RECOVERY__EVERY_S": "1.0",
    "BOT_SHUTDOWN__GRACE_S": "1.5",
    "POINTS_GATHER_S": "0.04",
    "POINTS_CALL_S": "1.5",
    "POINTS_SETTLE_AFTER_S": "0.5",
    "POINTS_EDIT_EVERY_S": "0.3",
    "POINTS_WINDOW_S": "1.05",
    "POINTS_LATE_S": "2.8",
    "POINTS_SWEEP_S": "1.0",
    "POINTS_UNNAMED_S": "2.0",
    "POINTS_APPROVAL_S": "1.0",
}
"""Everything takes a fraction of its usual time. What is settled is settled 2 s after it was done, and what is late
lands when somebody else has finished, but before that."""

STEP_S = 30.0
"""Idle time, see tests/patience.py: longer than anything waits that is going to happen at all."""


@dataclass
class Stage:
    """One world: `words` of every message are unique, and their first one says what Claude is to answer."""

    number: int
    world: World
    scene: Scene
    arena: Arena
    settings: dict[str, str] = field(default_factory=dict)
    bots: list[Bot] = field(default_factory=list)
    kept: dict[int, str] = field(
        default_factory=dict
    )  # replies that were finished, and are to stay as they are
    effects: int = 0  # the channel in which tools do what everybody sees

    @property
    def tag(self) -> str:
        """What all words of this world contain, and those of no other."""
        return f" w{self.number}m"

    @property
    def asked(self) -> list[Call]:
        """What Claude was asked for this world."""
        return [call for call in self.arena.claude.requests if self.number in self.arena.worlds_of(call)]

    async def start(self, **settings: str) -> Bot:
        """Start a bot."""
        output = self.arena.directory / f"w{self.number}-{len(self.bots)}.log"
        if not self.effects:
            self.effects = self.world.channel()
        effects = {CHANNEL: str(self.effects)}
        environment = self.world.environment(**QUICK, **effects, **self.settings, **settings)
        bot = await Bot.start(environment, output, self.arena.servers)
        self.bots.append(bot)
        return bot

    async def post(
        self, place: int | None, kind: str, more: str = "", files: Sequence[tuple[str, str, bytes]] = ()
    ) -> int:
        """Post a message, None for a mention in a new channel; returns the conversation's id."""
        words = f"{kind}{self.tag}{len(self.scene.said) + 1}x"
        text = f"{words} {more}".strip()
        if place is None:
            text = f"{self.world.mention} {text}"
        channel = self.world.channel() if place is None else place
        message = await self.world.ann.post(channel, text, attachments=files)
        conversation = int(message["id"]) if place is None else place
        names = tuple(name for name, _, _ in files)
        self.scene.said.append(Said(conversation, int(message["id"]), words, names))
        return conversation

    def patience(self, idle_s: float) -> Patience:
        """A wait that ends when all bots of this world and this process have been idle for so long."""
        return Patience(idle_s, lambda: [bot.pid for bot in self.bots if bot.code is None])

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something; AssertionError if it does not happen."""
        try:
            await self.patience(STEP_S).until(condition, LOOK_S)
        except TimeoutError:
            raise AssertionError(f"waited in vain until {what}") from None

    async def soon(self, condition: Callable[[], object], idle_s: float = 2.0) -> None:
        """Wait for something that need not happen."""
        with contextlib.suppress(TimeoutError):
            await self.patience(idle_s).until(condition, LOOK_S)

    async def opened(self, thread: int) -> None:
        """Wait for a thread."""
        await self.until(lambda: thread in self.world.discord.world.channels, "the thread was open")

    async def visible(self, thread: int, count: int) -> None:
        """Wait for so many messages of the bot's."""
        await self.opened(thread)
        await self.until(lambda: len(self.world.replies(thread)) >= count, f"{count} messages were there")

    async def finished(self, thread: int, count: int) -> None:
        """Wait for so many messages of the bot's, none of them unfinished."""
        await self.visible(thread, count)
        await self.until(
            lambda: not any(m["content"].endswith("▌") for m in self.world.replies(thread)),
            "the reply was finished",
        )

    async def requested(self, times: int) -> None:
        """Wait until Claude was asked so often."""
        await self.until(lambda: len(self.asked) >= times, f"Claude was asked {times} times")

    async def rest(self, within_s: float = 25.0, still_s: float = 1.2) -> list[str]:
        """Wait until nothing goes on any more; returns what does not hold then, after so much idle time."""
        breaches = await self.scene.come_to_rest(_Asked(self), self.patience(within_s), still_s=still_s)
        shown = {
            int(m["id"]): m["content"]
            for place in {s.place for s in self.scene.said}
            for m in self.world.replies(place)
        }
        changed = [message for message, text in self.kept.items() if shown.get(message) != text]
        breaches += repeated(self.world.discord, self.effects) if self.effects else []
        return breaches + [f"{message} was finished and has been answered anew" for message in changed]

    def made(self, tool: str) -> int:
        """How many effects of a tool everybody sees."""
        found = effects(self.world.discord, self.effects)
        return sum(times for effect, times in found.items() if effect.startswith(f"{tool} "))

    def keep(self, thread: int) -> None:
        """Expect the replies of a thread to stay as they are."""
        self.kept |= {int(message["id"]): message["content"] for message in self.world.replies(thread)}

    async def snapshot(self) -> dict[str, bytes]:
        """All that Redis holds of this world."""
        raw = self.arena.raw
        keys = [key async for key in raw.scan_iter(match=f"{self.scene.prefix}:*", count=1000)]
        values = {key.decode(): await raw.dump(key) for key in keys}
        return {key: value for key, value in values.items() if value is not None}  # a key may be gone by now

    async def roll_back(self, snapshot: dict[str, bytes]) -> None:
        """Put Redis back to a snapshot, as a server does that comes back older than it was."""
        self.scene.forgotten = True
        raw = self.arena.raw
        pipe = raw.pipeline(transaction=True)
        async for key in raw.scan_iter(match=f"{self.scene.prefix}:*", count=1000):
            pipe.delete(key)
        for key, value in snapshot.items():
            permanent = key.endswith((":work", ":known")) or ":commands:" in key
            pipe.restore(key, 0 if permanent else 3600_000, value, replace=True)
        await pipe.execute()


class _Asked(Collection[Call]):
    """The requests of a world as they are whenever somebody looks."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __iter__(self) -> Any:
        return iter(self._stage.asked)

    def __len__(self) -> int:
        return len(self._stage.asked)

    def __contains__(self, call: object) -> bool:
        return call in self._stage.asked


def resume(bot: Bot) -> None:
    """Let a frozen process go on."""
    bot.signal(signal.SIGCONT)


def freeze(bot: Bot) -> None:
    """Stop a process where it is."""
    bot.signal(signal.SIGSTOP)
