"""The services that the settings may leave out."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config import Exit, Settings
from bot.conversation.errors import StartError


@dataclass(frozen=True, slots=True)
class Service:
    """A service that has a local stand-in; `benefit` is the reason to set `variable`."""

    name: str
    variable: str
    source: str
    stand_in: str
    benefit: str


DISCORD = Service(
    "Discord",
    "DISCORD_TOKEN",
    "https://discord.com/developers/applications, your application, Bot, Reset Token",
    "a local one, on the page above",
    "to join the real one",
)
CLAUDE = Service(
    "Claude",
    "ANTHROPIC_API_KEY",
    "https://platform.claude.com, Settings, API keys",
    "a stand-in that only plays",
    "to talk with the real one",
)
REDIS = Service(
    "Redis",
    "REDIS_URL",
    "your Redis or Valkey, as redis://user:password@host:6379/0",
    "a private one",
    "to use your own",
)


def missing(settings: Settings) -> tuple[Service, ...]:
    """Return the services that are not configured."""
    values = {DISCORD: settings.discord.token, CLAUDE: settings.claude.api_key, REDIS: settings.redis.url}
    return tuple(service for service, value in values.items() if value is None)


def require_all(settings: Settings) -> None:
    """Raise StartError, with a line for each service, if a service is not configured."""
    if absent := missing(settings):
        lines = [f"{service.variable} is not set; get it here: {service.source}" for service in absent]
        lines.append("Without --strict, local stand-ins take the place of what is missing.")
        raise StartError("\n".join(lines), exit_code=Exit.MISSING)


def require_claude_on_discord(settings: Settings) -> None:
    """Raise StartError if the stand-in model would answer on the real Discord without permission."""
    absent = missing(settings)
    if CLAUDE in absent and DISCORD not in absent and not settings.local.model_on_discord:
        raise StartError(
            "DISCORD_TOKEN is set and ANTHROPIC_API_KEY is not: the stand-in model answers nobody on Discord. "
            f"Get a key here: {CLAUDE.source}; or try the bot without DISCORD_TOKEN, on a local page "
            "(local.model_on_discord = true lets the stand-in answer all the same)",
            exit_code=Exit.MISSING,
        )
