"""The end of a command of the console, seen from outside of its process."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMAND = """
import asyncio, logging, threading
import typer
from bot import shutdown
from bot.conversation.errors import StartError
from bot.support.command_loop import command_loop

shutdown.END_S = {end_s}
logging.basicConfig()

class Last:
    def __del__(self):
        logging.error("the loop is being closed")

async def work():
    loop = asyncio.get_running_loop()
    loop.last = Last()
    {held}
    raise {error}

with command_loop() as runner:
    try:
        runner.run(work())
    except LookupError:
        {ends}
"""

HELD = "loop.run_in_executor(None, threading.Event().wait)"
"""The closing of the loop waits for a thread that never ends, as for a lookup in DNS."""

REFUSED = {"error": "StartError('the reason', exit_code=80)", "ends": ""}
SAYS = {"error": "LookupError", "ends": "typer.echo('the report')"}
EXITS = {"error": "LookupError", "ends": "typer.echo('the report'); raise typer.Exit(82)"}


def ended(**words: object) -> tuple[int, str, str]:
    """Run a command, and return its exit code, and what it wrote."""
    code = COMMAND.format(**words).replace("        \n", "        pass\n")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (REFUSED, (80, "", "the reason\n")),
        (SAYS, (0, "the report\n", "")),
        (EXITS, (82, "the report\n", "")),
    ],
    ids=["refused", "says", "exits"],
)
def test_a_loop_that_cannot_be_closed_holds_up_neither_the_last_word_nor_the_end(
    command: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert ended(**command, held=HELD, end_s=0.1) == expected


def test_the_reason_of_a_failed_start_is_the_last_line() -> None:
    assert ended(**REFUSED, held="", end_s=1000.0) == (80, "", "the reason\n")
