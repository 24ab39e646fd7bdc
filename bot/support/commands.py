"""The commands `bundle` and `replay`."""

from __future__ import annotations

import logging
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from bot.support.backup_commands import ConfigOption
from bot.support.command_loop import command_loop

CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""The characters that control a terminal, of which a bundle from somebody else may be full."""


def bundle(
    file: Annotated[Path, typer.Argument(help="The file to write")] = Path("bobbin-bundle.json"),
    turn: Annotated[
        int | None, typer.Option(help="Add the journal of this turn; its id is `turn` in the log")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write a file for a report: versions, settings, findings, metrics, events; nothing that people wrote."""
    import json

    from bot.backup.backup_file import atomic_write
    from bot.config import Exit, load
    from bot.conversation.errors import StartError, StoreUnavailable
    from bot.local.stand_ins import with_store
    from bot.store.keys import Keys
    from bot.store.start_check import explained
    from bot.support.bundle import bundle as gathered

    async def work() -> None:
        async with AsyncExitStack() as stack:
            settings = await with_store(load(config), stack)
            try:
                found = await gathered(settings, config, Path.cwd(), turn)
            except StoreUnavailable as error:
                raise explained(error, Keys(settings.redis.prefix)) from error
        if turn is not None and found["journal"] is None:
            raise StartError(
                f"turn {turn} is unknown: give the id that the log calls `turn`, within a week of the turn",
                exit_code=Exit.BACKUP,
            )
        with atomic_write(file) as (output, _):
            output.write(json.dumps(found, indent=1, ensure_ascii=False).encode())
        typer.echo(
            f"{file}: {len(found['events'])} events, {len(found['findings'])} findings. Read it before you send it."
        )

    _silence()
    with command_loop() as runner:
        runner.run(work())


def replay(
    file: Annotated[Path, typer.Argument(help="A bundle that was made with --turn")],
) -> None:
    """Play a bundle's turn with a local Discord and a local Claude; print the messages, and what differs."""
    from bot.support.replay import replay as played

    _silence()
    with command_loop() as runner:
        for line in runner.run(played(file)):
            typer.echo(CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", line))


def _silence() -> None:
    import structlog

    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
