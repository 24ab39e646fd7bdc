"""The event loop of a command of the console, and the end of its process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def command_loop(
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Iterator[asyncio.Runner]:
    """Yield the loop of a command, which says all that it has to say within the block.

    A StartError becomes its line and its exit code. Both come before the loop is closed, which waits for lookups in
    DNS: a process whose loop cannot be closed ends all the same.
    """
    from bot.conversation.errors import StartError
    from bot.shutdown import end_soon
    from bot.telemetry import logs

    # With the default for `debug`, PYTHONASYNCIODEBUG could make everything slow.
    with asyncio.Runner(debug=False, loop_factory=loop_factory) as runner:
        try:
            yield runner
        except StartError as error:
            logs.flush()  # the reason is the last line
            logging.disable(logging.CRITICAL)
            typer.echo(error.line, err=True)
            end_soon(error.exit_code)
            # Not typer.Exit, which is an Exception: the error reporter would report it.
            raise SystemExit(error.exit_code) from None
        except typer.Exit as ended:
            logs.flush()
            end_soon(ended.exit_code)
            raise
        logs.flush()
        end_soon(0)
