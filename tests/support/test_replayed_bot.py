"""What a replay says of a bot that ends before the turn."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.scene import Scene
from bot.support.replayed_bot import LINE_CHARS, ReplayedBot, ending

SAID = "my secret about tulips"


@pytest.mark.parametrize(
    ("code", "errors", "told"),
    [
        (-signal.SIGKILL, f"{SAID}\n", "signal 9"),
        (1, f"Traceback\n  raise\nValueError: {SAID}\n", "exit code 1: ValueError"),
        (1, f"bot.store.Lost.ConnectionError: {SAID}", "exit code 1: bot.store.Lost.ConnectionError"),
        (1, f"{SAID}\n", "exit code 1"),
        (0, "", "exit code 0"),
        (Exit.LOOP_BLOCKED, f"{SAID}\n", "exit code 70"),
        (
            Exit.PORT_BUSY,
            "A banner\nThe port is in use: choose another\n",
            "exit code 89: The port is in use: choose another",
        ),
    ],
)
def test_the_ending_of_a_process_is_told_without_a_word_of_the_turn(
    code: int, errors: str, told: str
) -> None:
    assert ending(code, errors.encode()) == told


def test_a_long_line_is_cut() -> None:
    assert len(ending(Exit.SETTINGS, b"x" * 5000)) < LINE_CHARS + 20


async def test_a_bot_that_cannot_start_says_why(tmp_path: Path) -> None:
    bot = ReplayedBot(tmp_path, {"BOT_CLAUDE__EFFORT": "huge"}, Scene(()))
    try:
        with pytest.raises(StartError, match=r"ended before the turn did \(exit code 78: .*claude\.effort"):
            await bot.start()
    finally:
        await bot.end()
