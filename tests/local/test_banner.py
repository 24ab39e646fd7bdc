"""What an operator reads at the start, by what is configured."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.config import ClaudeSettings, DiscordSettings, RedisSettings, Settings
from bot.config.settings import ToolsSettings
from bot.local.banner import banner

PAGE = "http://127.0.0.1:8765/"
REAL_DISCORD = DiscordSettings(token=SecretStr("token"))
REAL_CLAUDE = ClaudeSettings(api_key=SecretStr("key"))
REAL_REDIS = RedisSettings(url=SecretStr("redis://localhost"))


def rows(settings: Settings, page_url: str | None = PAGE) -> dict[str, str]:
    lines = banner(settings, "Bobbin#1", page_url).splitlines()
    return {line.split()[0]: line for line in lines if line.startswith("  ")}


def test_with_everything_configured_one_line_names_the_bot_and_its_model() -> None:
    settings = Settings(discord=REAL_DISCORD, claude=REAL_CLAUDE, redis=REAL_REDIS)
    assert (
        banner(settings, "Bobbin#1", None)
        == f"Bobbin is Bobbin#1 on Discord, and asks {settings.claude.model}."
    )


def test_each_stand_in_names_the_variable_that_replaces_it_and_the_page_comes_first() -> None:
    assert banner(Settings(), "Bobbin#1", PAGE).splitlines()[1] == f"Bobbin is here: {PAGE}"
    found = rows(Settings())
    assert list(found) == ["Discord", "Claude", "Redis", "Tools"]
    for name, variable in (
        ("Discord", "DISCORD_TOKEN"),
        ("Claude", "ANTHROPIC_API_KEY"),
        ("Redis", "REDIS_URL"),
    ):
        assert f"set {variable} to " in found[name]


def test_it_says_how_tools_are_switched_on_unless_some_are() -> None:
    assert "set BOT_TOOLS__ON" in rows(Settings())["Tools"]
    assert "Tools" not in rows(Settings(tools=ToolsSettings(on=("time_in",))))


def test_a_service_that_is_configured_has_nothing_to_set() -> None:
    found = rows(Settings(claude=REAL_CLAUDE, redis=REAL_REDIS))
    assert "set DISCORD_TOKEN" in found["Discord"]
    assert "set " not in found["Claude"] + found["Redis"]
    found = rows(Settings(discord=REAL_DISCORD, claude=REAL_CLAUDE), None)
    assert found["Discord"].endswith("the real one, as Bobbin#1")


@pytest.mark.parametrize(
    ("name", "settings", "hint"),
    [
        (
            "Discord",
            Settings(discord=DiscordSettings(api_url="http://127.0.0.1:9/api/v10")),
            "set DISCORD_TOKEN to join the server that discord.api_url names",
        ),
        (
            "Discord",
            Settings(discord=DiscordSettings(gateway_url="ws://127.0.0.1:9/")),
            "set DISCORD_TOKEN to join the server that discord.gateway_url names",
        ),
        (
            "Claude",
            Settings(claude=ClaudeSettings(base_url="http://127.0.0.1:9")),
            "set ANTHROPIC_API_KEY to ask the server that ANTHROPIC_BASE_URL names",
        ),
    ],
)
def test_an_address_that_has_no_effect_without_a_secret_is_named(
    name: str, settings: Settings, hint: str
) -> None:
    assert rows(settings)[name].endswith(hint)
