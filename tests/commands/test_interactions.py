"""How the message of a button is edited when Discord fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.commands.interactions import update_message


def failure(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    """A call that Discord answers with a status of failure."""
    return kind(cast("Any", SimpleNamespace(status=status, reason="")), {"code": 10015, "message": ""})


class Pressed:
    """A button that was pressed; its message is edited once the failures are used up."""

    def __init__(self, *failures: Exception) -> None:
        self.id = 1
        self.failures = list(failures)
        self.tries = 0
        self.content = "Shall I?"

    async def edit_original_response(self, *, content: str, **_options: object) -> None:
        """Edit the message, or fail."""
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.content = content


async def test_an_edit_is_repeated_when_the_connection_or_the_server_fails() -> None:
    pressed = Pressed(ConnectionResetError(), failure(discord.DiscordServerError, 503))
    await update_message(cast("Any", pressed), "Done.")
    assert pressed.content == "Done."
    assert pressed.tries == 3


async def test_an_edit_that_is_refused_is_not_repeated_and_not_told_as_a_failure_of_what_is_done() -> None:
    pressed = Pressed(failure(discord.NotFound, 404))
    await update_message(cast("Any", pressed), "Done.")
    assert pressed.tries == 1
