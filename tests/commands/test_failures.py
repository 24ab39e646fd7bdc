"""What a person is told when a command fails."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot.commands.failures import GONE, REFUSED_IN_DMS, UNAVAILABLE, UNEXPECTED, explain, missing
from bot.conversation import wording
from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordUnavailable, StoreUnavailable


def test_an_unknown_permission_is_not_named() -> None:
    assert "“" not in missing("")
    assert "“Send Messages”" in missing("Send Messages")


@pytest.mark.parametrize("text", [wording.STORE_DOWN, UNAVAILABLE, UNEXPECTED])
def test_a_command_that_failed_on_its_way_is_not_told_to_have_changed_nothing(text: str) -> None:
    assert "nothing" not in text
    assert "again" in text


class Shown:
    """An interaction that is not answered yet; keeps what the person is told."""

    def __init__(self, guild_id: int | None = 1) -> None:
        self.id = 5
        self.guild_id = guild_id
        self.said: list[str] = []
        self.response = self

    def is_done(self) -> bool:
        return False

    async def send_message(self, text: str, **_: object) -> None:
        self.said.append(text)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DiscordUnavailable("no answer"), UNAVAILABLE),
        (DiscordGone("deleted"), GONE),
        (DiscordForbidden("Send Messages"), missing("Send Messages")),
        (StoreUnavailable("away"), wording.STORE_DOWN),
        (ValueError("a bug"), UNEXPECTED),
    ],
)
async def test_a_failure_of_discord_is_told_as_such_and_is_no_bug(error: Exception, told: str) -> None:
    interaction = Shown()
    with capture_logs() as logs:
        await explain(interaction, error)  # type: ignore[arg-type]
    assert interaction.said == [told]
    assert [each["event"] for each in logs if each["log_level"] == "error"] == (
        ["interaction_failed"] if told == UNEXPECTED else []
    )


async def test_in_direct_messages_nobody_is_said_to_manage_a_server() -> None:
    interaction = Shown(guild_id=None)
    await explain(interaction, DiscordForbidden("Send Messages"))  # type: ignore[arg-type]
    assert interaction.said == [REFUSED_IN_DMS]
