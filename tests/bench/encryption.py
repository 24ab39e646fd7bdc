"""What encryption at rest costs: the processor time of a turn with a history of 200 turns, with keys and without."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.conversation.request import PromptMessage, Usage
from bot.conversation.turn import Turn, exchange
from bot.local.simulator.claude.reply import Reply
from bot.store.codec import dump_turn
from bot.store.connection import connect
from bot.store.content import Cipher
from bot.store.keys import Keys
from tests.bench._processor import processor_s
from tests.e2e.world import World
from tests.redis_server import redis_server

HISTORY = 200
PAIRS = 30
GOAL = 0.05
QUESTION = "Ann: " + "What would you do about the loom in the corner of the hall? " * 5
ANSWER = "I would look at the warp first, and at the heddles after that. " * 12
"""About 75 and 190 tokens: together less than the window takes."""


def entry(number: int) -> Turn:
    """A turn of the history."""
    messages = exchange(PromptMessage.of("user", f"{QUESTION} {number}"), f"{ANSWER} {number}")
    return Turn(number + 1, messages, "answered", "claude-sonnet-5-5", 80, 190, Usage(), 0, "")


async def lengthen(redis: Redis, keys: Keys, thread: int) -> None:
    """Give a conversation its history, and nothing before the window."""
    await redis.delete(keys.history(thread))
    await redis.rpush(keys.history(thread), *[dump_turn(entry(number)) for number in range(HISTORY)])
    await redis.hset(keys.meta(thread), "cut", "0")


async def measure() -> tuple[list[float], list[float]]:
    """Return the seconds of a turn without and with keys; pairs of turns take place one after the other."""
    key = Fernet.generate_key().decode()
    spent: tuple[list[float], list[float]] = ([], [])
    with redis_server() as url:
        world = await World.build(url)
        try:
            sides = []
            for keys in ((), (key,)):
                settings = {"BOT_HISTORY__MAX_TOKENS": "1000000", "BOT_REPLY__TITLES": "message"}
                own = world.peopled(
                    world.discord,
                    world.claude,
                    url,
                    f"bench-{len(keys)}",
                    {
                        "BOT_REDIS__PREFIX": f"bench{len(keys)}",
                        "BOT_PRIVACY__KEYS": ",".join(keys),
                        **settings,
                    },
                )
                bot = await own.start_bot()
                world.claude.default = lambda _: Reply((ANSWER,))
                thread = await own.converse(own.channel(), "hello")
                redis = connect(url, timeout_s=30.0, cipher=Cipher(keys))
                await lengthen(redis, Keys(own.prefix), thread)
                await redis.aclose()
                sides.append((own, bot, thread))
            for _ in range(PAIRS):
                for (own, bot, thread), found in zip(sides, spent, strict=True):
                    replies = len(own.replies(thread))
                    before = processor_s(bot.pid)
                    asked = await own.ann.post(thread, QUESTION)
                    await own.answered(thread, replies + 1)
                    await own.settled(asked)
                    found.append(processor_s(bot.pid) - before)
            for _, bot, _ in sides:
                await bot.kill()
        finally:
            await world.close()
    return spent


def each_us(call: Callable[[], object], times: int) -> float:
    """Return the microseconds of the processor that a call takes."""
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times * 1e6


def main() -> None:
    """Print each figure with its conditions."""
    key = Fernet.generate_key().decode()
    cipher = Cipher([key])
    text = dump_turn(entry(1))
    sealed = cipher.sealed(text)
    print(  # noqa: T201
        f"An entry of {len(text)} characters: encrypted in {each_us(lambda: cipher.sealed(text), 2000):.0f} µs, "
        f"decrypted in {each_us(lambda: Cipher([key]).opened(sealed), 2000):.0f} µs (with the making of the cipher), "
        f"read from the cache in {each_us(lambda: cipher.opened(sealed), 2000):.1f} µs, "
        f"{len(sealed) / len(text):.2f} times as long."
    )
    plain, encrypted = asyncio.run(measure())
    differences = [one - other for one, other in zip(encrypted, plain, strict=True)]
    base = statistics.median(plain)
    more = statistics.median(differences)
    print(  # noqa: T201
        f"A turn with a history of {HISTORY} turns and more, {PAIRS} pairs, processor time of the bot: median "
        f"{base * 1000:.1f} ms without keys, {statistics.median(encrypted) * 1000:.1f} ms with a key; of the pairs' "
        f"differences {more * 1000:+.1f} ms ({more / base:+.1%}, goal below {GOAL:.0%})."
    )


if __name__ == "__main__":
    main()
