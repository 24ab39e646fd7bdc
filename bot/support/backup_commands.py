"""The commands `backup` and `restore`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.support.command_loop import command_loop

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from bot.config import Settings
    from bot.store.keys import Keys

LONG_S = 60.0
"""The time limit of one Redis command: a conversation is read and written as a whole."""

MB = 1_000_000

ConfigOption = Annotated[
    Path | None, typer.Option(help="Settings file; without it BOT_CONFIG, or config.toml if there is one")
]


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write")],
    config: ConfigOption = None,
) -> None:
    """Write everything that the bot keeps in Redis to a file; the bot may run meanwhile."""
    from bot.backup.backup import back_up
    from bot.store.schema import stored_version

    async def work(_: Settings, redis: Redis, keys: Keys) -> None:
        done = await back_up(redis, keys, file, schema=await stored_version(redis, keys))
        typer.echo(count_table(done.counts))
        typer.echo(
            f"{file}: {sum(done.counts.values())} keys, {done.bytes / MB:.1f} MB, written and verified."
        )
        typer.echo("The file holds what people wrote: protect it as you protect Redis.")

    _run(config, work)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that the command backup has written")],
    config: ConfigOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="First delete all data of the bot in this Redis")
    ] = False,
) -> None:
    """Write a backup into an empty Redis, while no instance of the bot runs."""
    from bot.backup.restore import restore as restored
    from bot.store.migrations import NEWEST
    from bot.wiring.policies import secret_of

    async def work(settings: Settings, redis: Redis, keys: Keys) -> None:
        done = await restored(
            redis,
            keys,
            file,
            schema=NEWEST,
            secret=secret_of(settings),
            replaces=replace,
        )
        typer.echo(count_table(done.counts))
        typer.echo(
            f"{sum(done.counts.values())} keys are restored and verified; {done.expired} expired keys are left out."
        )
        if done.forgotten:
            people = "1 person was" if done.forgotten == 1 else f"{done.forgotten} people were"
            typer.echo(f"{people} forgotten since the backup; the bot forgets them again at its next start.")
        else:
            typer.echo(
                "Whoever used /forget me since the backup has to use it again: the backup still holds their data."
            )

    _run(config, work)


def count_table(counts: dict[str, int]) -> str:
    """Return a line for each kind of keys, with their number."""
    return "\n".join(f"{count:>9}  {kind}" for kind, count in sorted(counts.items()))


def _run(config: Path | None, work: Callable[[Settings, Redis, Keys], Awaitable[None]]) -> None:
    """Connect to the bot's Redis and do the work; a failure is one line and an exit code."""
    from bot.config import Exit, load
    from bot.conversation.errors import StoreUnavailable
    from bot.local.stand_ins import with_store
    from bot.store.connection import connect
    from bot.store.content import AsStored
    from bot.store.keys import Keys
    from bot.store.start_check import check
    from bot.wiring.store import server_of

    async def connected() -> None:
        async with AsyncExitStack() as stack:
            settings = await with_store(load(config), stack)
            redis = connect(**{**server_of(settings), "timeout_s": LONG_S}, cipher=AsStored())
            stack.push_async_callback(redis.aclose)
            keys = Keys(settings.redis.prefix)
            await check(redis, keys)
            await work(settings, redis, keys)

    logging.disable(logging.WARNING)
    with command_loop() as runner:
        try:
            runner.run(connected())
        except StoreUnavailable as error:
            typer.echo(
                f"Redis stopped answering ({error}): nothing is complete, so run the command again "
                "(a restore with --replace)",
                err=True,
            )
            raise typer.Exit(Exit.REDIS_UNREACHABLE) from None
