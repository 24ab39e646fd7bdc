"""How a message is edited when Discord fails, and what a person and the log get when the store fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from structlog.testing import capture_logs

from bot.commands.interactions import take, update_message
from bot.conversation import wording
from bot.conversation.errors import StoreUnavailable


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


class FailingCoordination:
    """A store that fails whoever asks which instance answers."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def take(self, _interaction: int) -> bool:
        """Fail."""
        raise self._failure


class Used:
    """An interaction that is not answered yet; keeps what is said."""

    def __init__(self) -> None:
        self.id = 1
        self.said: list[str] = []
        self.response = SimpleNamespace(is_done=lambda: False, send_message=self._send)

    async def _send(self, text: str, **_options: object) -> None:
        self.said.append(text)


@pytest.mark.parametrize(
    ("failure", "detail"),
    [(StoreUnavailable("ConnectionError"), "ConnectionError"), (TimeoutError(), "TimeoutError")],
)
async def test_a_store_that_fails_or_is_too_slow_is_told_to_the_person_and_named_in_the_log(
    failure: Exception, detail: str
) -> None:
    used = Used()
    with capture_logs() as lines:
        assert not await take(cast("Any", FailingCoordination(failure)), cast("Any", used))
    assert used.said == [wording.STORE_DOWN]
    assert [line["detail"] for line in lines] == [detail]
