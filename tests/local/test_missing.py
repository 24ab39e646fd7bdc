"""A start that is refused for what is not configured names all of it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.config import DiscordSettings, Exit, LocalSettings, Settings
from bot.conversation.errors import StartError
from bot.local.missing import require_all, require_claude_on_discord

TOKEN_ALONE = Settings(discord=DiscordSettings(token=SecretStr("token")))


def test_strict_names_every_service_that_is_not_configured() -> None:
    with pytest.raises(StartError) as caught:
        require_all(Settings())
    assert caught.value.exit_code == Exit.MISSING
    for variable in ("DISCORD_TOKEN", "ANTHROPIC_API_KEY", "REDIS_URL"):
        assert f"{variable} is not set" in caught.value.line
    with pytest.raises(StartError) as caught:
        require_all(TOKEN_ALONE)
    assert "DISCORD_TOKEN is not set" not in caught.value.line


def test_the_stand_in_model_answers_on_the_real_discord_with_permission_only() -> None:
    with pytest.raises(StartError, match="answers nobody on Discord"):
        require_claude_on_discord(TOKEN_ALONE)
    require_claude_on_discord(TOKEN_ALONE.model_copy(update={"local": LocalSettings(model_on_discord=True)}))
    require_claude_on_discord(Settings())
