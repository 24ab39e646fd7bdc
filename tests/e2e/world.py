"""Everything a conversation needs: a Discord, a Claude, a Redis, and bots to put between them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from bot.local.simulator.claude import Claude
from bot.local.simulator.claude.record import digest
from bot.local.simulator.discord import Discord, guilds
from tests.e2e.bot_process import BotProcess
from tests.patience import HeldUp, Patience

ANSWER_S = 30.0
"""Idle time after which a test waits in vain, see tests/patience.py."""

LOOK_S = 0.05

ANSWER = "I see."
"""What Claude says to which nothing else was said: one message, so that one message is one reply."""

_numbers = itertools.count(1)


@dataclass
class World:
    """A server with people in it; each test takes a channel of its own."""

    discord: Discord
    claude: Claude
    redis_url: str
    app: Any
    guild: Any
    ann: Any
    ben: Any
    admin: Any
    bots: list[BotProcess] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    _asked_before: int = 0

    @classmethod
    async def build(cls, redis_url: str, clock: Callable[[], float] = time.time) -> World:
        """Start a Discord, whose time the clock tells, and a Claude with the usual people."""
        discord, claude = Discord(clock=clock), Claude()
        discord.gateway.identify_s = 0  # bots start right after each other
        discord.world.held_up_s = HeldUp(lambda: BotProcess.running)
        await discord.start()
        await claude.start()
        return cls.peopled(discord, claude, redis_url, "e2e-token", {})

    @classmethod
    def peopled(
        cls, discord: Discord, claude: Claude, redis_url: str, token: str, settings: dict[str, str]
    ) -> World:
        """The usual people around a bot of its own, on servers that may have others."""
        app = discord.add_application("Bobbin", token=token)
        guild = discord.add_guild("Weavers", bot=app)
        return cls(
            discord=discord,
            claude=claude,
            redis_url=redis_url,
            app=app,
            guild=guild,
            ann=discord.add_user("ann", display_name="Ann", guild=guild),
            ben=discord.add_user("ben", display_name="Ben", guild=guild),
            admin=discord.add_user("root", display_name="Ruth", guild=guild, permissions=ADMINISTRATOR),
            settings=settings,
        )

    @asynccontextmanager
    async def apart(
        self, settings: Mapping[str, str] | None = None, *, bots: int = 1, redis_url: str | None = None
    ) -> AsyncIterator[World]:
        """A server with people and bots of its own, on the same Discord, Claude and Redis."""
        number = next(_numbers)
        own = self.peopled(
            self.discord,
            self.claude,
            redis_url or self.redis_url,
            f"e2e-token-{number}",
            {
                "BOT_REDIS__PREFIX": f"apart{number}",
                "ANTHROPIC_API_KEY": f"e2e-key-{number}",
                **(settings or {}),
            },
        )
        own.begin()
        try:
            await asyncio.gather(*(own.start_bot() for _ in range(bots)))
            yield own
        finally:
            for bot in own.bots:
                await bot.kill()

    async def close(self) -> None:
        """Stop everything."""
        for bot in self.bots:
            await bot.kill()
        await self.discord.stop()
        await self.claude.stop()

    def begin(self) -> None:
        """Forget what the test before ordered, and count Claude's requests from here on."""
        self._asked_before = len(self.claude.requests)
        self.claude.clear()
        self.claude.default = lambda _: ANSWER
        self.discord.faults.clear()
        self._forget_limits()

    def _forget_limits(self) -> None:
        """Forget what each person had of the bot: the same few people write in all tests of a session."""
        with contextlib.suppress(RedisError), Redis.from_url(self.redis_url) as redis:
            for limit in ("threads:*", "abuse:*", "places"):
                if keys := list(redis.scan_iter(f"{self.prefix}:*:{limit}", count=10_000)):
                    redis.delete(*keys)

    @property
    def asked(self) -> list[Any]:
        """The requests of this world to Claude since the beginning of the test: other worlds may share the Claude."""
        own = digest(self.environment()["ANTHROPIC_API_KEY"])
        return [call for call in self.claude.requests[self._asked_before :] if call.workspace == own]

    def environment(self, **settings: str) -> dict[str, str]:
        """The six names that point a bot at this world, and further settings."""
        return {
            "DISCORD_TOKEN": self.app.token,
            "BOT_DISCORD__API_URL": self.discord.api_url,
            "BOT_DISCORD__GATEWAY_URL": self.discord.gateway_url,
            "ANTHROPIC_API_KEY": "e2e-key",
            "ANTHROPIC_BASE_URL": self.claude.base_url,
            "REDIS_URL": self.redis_url,
            **FORCED,
            **self.settings,
            **settings,
        }

    async def start_bot(self, *, module: str = "bot", **settings: str) -> BotProcess:
        """Start a bot and wait until it listens; `module` names another than the plain one."""
        bot = await self.start_bot_unready(module=module, **settings)
        await bot.said("discord_ready")
        return bot

    async def start_bot_unready(self, *, module: str = "bot", **settings: str) -> BotProcess:
        """Start a bot."""
        bot = await BotProcess.start(self.environment(**settings), "--strict", module=module)
        self.bots.append(bot)
        return bot

    def channel(self, kind: str = "text") -> int:
        """The id of a fresh channel."""
        return int(self.discord.add_channel(self.guild, f"{kind}-{next(_numbers)}", kind=kind).id)

    def deny(self, channel: int, bit: int, who: int | None = None) -> None:
        """Take a permission in a channel away from the bot, or from somebody else."""
        place = self.discord.world.channels[channel]
        self.discord.set_overwrite(place, who or self.app.user_id, deny=bit)

    def person(self, username: str, permissions: int = 0) -> Any:
        """Somebody new in the server."""
        return self.discord.add_user(
            f"{username}{next(_numbers)}", username.title(), guild=self.guild, permissions=permissions
        )

    def role(self, name: str, *people: Any) -> int:
        """A role without permissions that these people have; returns its id."""
        made = guilds.add_role(self.discord.world, self.guild, name, 0)
        for person in people:
            guilds.give_role(self.discord.world, self.guild, made, person.user)
        self.discord.commit()
        return int(made.id)

    def another_bot(self, name: str) -> Any:
        """A bot of somebody else in the server, whose posts may have embeds."""
        app = self.discord.add_application(name, token=f"token of {name} {next(_numbers)}")
        self.discord.add_bot(self.guild, app)
        return self.discord.actor(app.user_id)

    def called(self, method: str, path_end: str) -> list[Any]:
        """The calls of this world's bots to a route, by the end of its path."""
        return [call for call in self.calls() if call.method == method and call.path.endswith(path_end)]

    def calls(self) -> list[Any]:
        """Every call of this world's bots to Discord; those of interactions carry no token."""
        theirs = (self.app.token, None)
        return [call for call in self.discord.requests if call.token in theirs]

    @property
    def prefix(self) -> str:
        """What the keys of this world's bots begin with."""
        return self.settings.get("BOT_REDIS__PREFIX", "bobbin")

    @property
    def mention(self) -> str:
        """How one addresses the bot."""
        return f"<@{self.app.user_id}>"

    def replies(self, place: int) -> list[dict[str, Any]]:
        """The bot's messages in a place that are not small notices."""
        return [m for m in self.said(place) if not m.get("flags", 0) & SUPPRESS_NOTIFICATIONS]

    def said(self, place: int) -> list[dict[str, Any]]:
        """All of the bot's messages in a place."""
        found = self.discord.messages(place)
        return [m for m in found if m["author"]["id"] == str(self.app.user_id) and m["type"] in (0, 19)]

    async def until(self, condition: Callable[[], object], timeout_s: float = ANSWER_S) -> None:
        """Wait for something to become true; says what the bots had to say if it does not.

        Discord tells of its changes at once; a bot's log and Claude are looked at now and then.
        """
        patience = Patience(timeout_s, lambda: [bot.pid for bot in self.bots])
        while True:
            try:
                await self.discord.until(condition, timeout=LOOK_S)
            except TimeoutError as error:
                if not patience.is_over:
                    continue
                logs = "\n---\n".join(bot.output for bot in self.bots)
                raise AssertionError(f"{timeout_s:g} s of idleness: {error}\n{logs}") from None
            else:
                return

    async def answered(self, place: int, count: int = 1, timeout_s: float = ANSWER_S) -> list[dict[str, Any]]:
        """Wait until a place holds so many finished replies, and return them."""

        def done() -> bool:
            replies = self.replies(place)
            return len(replies) >= count and not any(m["content"].endswith("▌") for m in replies)

        await self.until(done, timeout_s)
        return self.replies(place)

    async def noticed(self, place: int, count: int = 1, timeout_s: float = ANSWER_S) -> list[dict[str, Any]]:
        """Wait until the bot has said so much in a place, small notices included, and has finished."""

        def done() -> bool:
            said = self.said(place)
            return len(said) >= count and not any(m["content"].endswith("▌") for m in said)

        await self.until(done, timeout_s)
        return self.said(place)

    async def settled(self, message: dict[str, Any] | int, timeout_s: float = ANSWER_S) -> None:
        """Wait until the turn that a message began has come to its end, in whichever bot."""
        turn_id = message if isinstance(message, int) else int(message["id"])
        if len(self.bots) == 1:
            await self.bots[0].logged("turn_done", timeout_s, turn=turn_id)
        else:
            await self.until(lambda: any(bot.log("turn_done", turn=turn_id) for bot in self.bots), timeout_s)

    async def kept(self, message: dict[str, Any]) -> None:
        """Wait until a bot has taken a message into its inbox."""
        await self.bots[0].said(str(message["id"]))

    async def dm_of(self, person: Any) -> int:
        """Open the direct messages between a person and the bot."""
        return int((await person.open_dm(self.app.user_id))["id"])

    async def thread_of(self, message: dict[str, Any]) -> int:
        """Wait for the thread that is started from a message."""
        thread = int(message["id"])
        await self.until(lambda: thread in self.discord.world.channels)
        return thread

    async def converse(self, channel: int, text: str, who: Any = None) -> int:
        """Mention the bot in a channel, wait for its reply, and return the thread."""
        person = who or self.ann
        thread = await self.thread_of(await person.post(channel, f"{self.mention} {text}"))
        await self.answered(thread)
        return thread


MANY_THREADS = {"BOT_LIMITS__THREADS_PER_MINUTE": "1000"}
"""For tests in which one person opens more threads than people do in a minute."""

MANY_TURNS = {"BOT_LIMITS__TURNS_PER_PERSON": "1000"}
"""For tests in which one person waits for more replies at once than a person may have."""

FORCED = {"BOT_PRIVACY__KEYS": os.environ["E2E_KEYS"]} if "E2E_KEYS" in os.environ else {}
"""Has every bot encrypt: `E2E_KEYS` is a key of `python -m bot key`."""

ADMINISTRATOR = 1 << 3
SUPPRESS_NOTIFICATIONS = 1 << 12
