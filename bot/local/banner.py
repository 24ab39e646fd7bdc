"""The text for an operator at the start: where to chat, and which services are stand-ins."""

from __future__ import annotations

from bot.config import DiscordSettings, Settings
from bot.local.missing import CLAUDE, DISCORD, REDIS, Service, missing


def banner(configured: Settings, name: str, page_url: str | None) -> str:
    """Return the banner for the operator's own settings; `name` is the bot's name on Discord."""
    model = configured.claude.model
    head = f"Bobbin is here: {page_url}" if page_url else f"Bobbin is {name} on Discord, and asks {model}."
    absent = missing(configured)
    if not absent:
        return head
    stand_ins = {
        DISCORD: DISCORD.stand_in,
        CLAUDE: CLAUDE.stand_in,
        REDIS: f"{REDIS.stand_in}, kept in {configured.redis.data_dir}",
    }
    real = {DISCORD: f"the real one, as {name}", CLAUDE: f"the real one, {model}", REDIS: "your own"}
    rows = [
        (service.name, stand_ins[service], f"set {service.variable} {_benefit(service, configured)}")
        if service in absent
        else (service.name, real[service], "")
        for service in (DISCORD, CLAUDE, REDIS)
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    if not configured.tools.on:
        rows.append(("Tools", "none are on", "set BOT_TOOLS__ON, such as '[\"web_search\"]'; docs/tools.md"))
    lines = [f"  {name:{widths[0]}}  {what:{widths[1]}}  {hint}".rstrip() for name, what, hint in rows]
    return "\n".join(["", head, "", *lines, "", "Ctrl-C stops it; what was said is kept.", ""])


def _benefit(service: Service, configured: Settings) -> str:
    """Return the reason to set the variable of a service; an address that has no effect without it is named."""
    if service is CLAUDE and configured.claude.base_url is not None:
        return "to ask the server that ANTHROPIC_BASE_URL names"
    if service is DISCORD:
        defaults = DiscordSettings()
        if configured.discord.api_url != defaults.api_url:
            return "to join the server that discord.api_url names"
        if configured.discord.gateway_url != defaults.gateway_url:
            return "to join the server that discord.gateway_url names"
    return service.benefit
