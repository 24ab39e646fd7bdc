"""What is not configured, what stands in for it, and how to replace that."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import SecretStr

from bot.config import Exit, Settings
from bot.conversation.errors import StartError
from bot.local.embedded import EmbeddedServer
from bot.local.servers import LOCAL_KEY, LocalDiscord, LocalServer, local_claude
from bot.shutdown import together


@dataclass(frozen=True, slots=True)
class Default:
    """Something that can be left out; `stand_in` is what there is then, `gain` what setting it brings."""

    part: str
    variable: str
    where: str
    stand_in: str
    gain: str


DISCORD = Default(
    "Discord",
    "DISCORD_TOKEN",
    "https://discord.com/developers/applications, your application, Bot, Reset Token",
    "a local one, on the page above",
    "to join the real one",
)
CLAUDE = Default(
    "Claude",
    "ANTHROPIC_API_KEY",
    "https://platform.claude.com, Settings, API keys",
    "a stand-in that only plays",
    "to talk with the real one",
)
REDIS = Default(
    "Redis",
    "REDIS_URL",
    "your Redis or Valkey, as redis://user:password@host:6379/0",
    "a private one",
    "to use your own",
)


LOCAL_SUFFIX = "-local"
"""Stands behind the prefix of every key in the store while Discord is the local one."""


def missing(settings: Settings) -> tuple[Default, ...]:
    """Return what is not configured."""
    values = {DISCORD: settings.discord.token, CLAUDE: settings.claude.api_key, REDIS: settings.redis.url}
    return tuple(default for default, value in values.items() if value is None)


def refuse(settings: Settings) -> None:
    """Raise StartError if anything is missing, naming all of it."""
    if lacking := missing(settings):
        lines = [f"{default.variable} is not set; get it here: {default.where}" for default in lacking]
        lines.append("Without --strict, local stand-ins take the place of what is missing.")
        raise StartError("\n".join(lines), exit_code=Exit.MISSING)


@dataclass(frozen=True, slots=True)
class Filled:
    """Settings that lack nothing any more, and the processes that made up for it."""

    settings: Settings
    lacking: tuple[Default, ...]
    servers: tuple[LocalServer, ...] = ()
    redis: EmbeddedServer | None = None
    page: str | None = None
    address_alone: bool = False
    """Whether the address of a Claude API is set, and no key for it."""


async def fill_in(settings: Settings, stack: AsyncExitStack) -> Filled:
    """Start a stand-in for whatever is not configured, all at the same time; `stack` ends them."""
    lacking = missing(settings)
    if CLAUDE in lacking and DISCORD not in lacking and not settings.local.model_on_discord:
        raise StartError(
            "DISCORD_TOKEN is set and ANTHROPIC_API_KEY is not: the stand-in model answers nobody on Discord. "
            f"Get a key here: {CLAUDE.where}; or try the bot without DISCORD_TOKEN, on a local page "
            "(local.model_on_discord = true lets the stand-in answer all the same)",
            exit_code=Exit.MISSING,
        )
    address_alone = CLAUDE in lacking and settings.claude.base_url is not None
    data_dir = settings.redis.data_dir
    discord = LocalDiscord(data_dir, settings.local.port) if DISCORD in lacking else None
    claude = local_claude() if CLAUDE in lacking else None
    redis = EmbeddedServer(data_dir, settings.redis.server) if REDIS in lacking else None
    servers = [server for server in (redis, discord, claude) if server is not None]
    await together(*(stack.enter_async_context(server) for server in servers))
    if discord is not None:
        settings = _with(
            settings,
            "discord",
            token=SecretStr(discord.told["token"]),
            api_url=discord.told["api_url"],
            gateway_url=discord.told["gateway_url"],
        )
        # What was said on the real Discord is none of the local one's business, and its work least of all.
        settings = _with(settings, "redis", prefix=f"{settings.redis.prefix}{LOCAL_SUFFIX}")
    if claude is not None:
        settings = _with(settings, "claude", api_key=SecretStr(LOCAL_KEY), base_url=claude.told["base_url"])
    if redis is not None:
        settings = _with(settings, "redis", url=SecretStr(redis.url))
    return Filled(
        settings,
        lacking,
        servers=tuple(server for server in (discord, claude) if server is not None),
        redis=redis,
        page=discord.told["page_url"] if discord is not None else None,
        address_alone=address_alone,
    )


def _with(settings: Settings, section: str, **values: object) -> Settings:
    changed = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: changed})


def banner(filled: Filled, name: str) -> str:
    """What an operator reads when the bot is there: where to chat, what is not the real thing."""
    model = filled.settings.claude.model
    head = f"Bobbin is {name} on Discord, and asks {model}."
    if filled.page is not None:
        head = f"Bobbin is here: {filled.page}"
    if not filled.lacking:
        return head
    stand_ins = {
        DISCORD: DISCORD.stand_in,
        CLAUDE: CLAUDE.stand_in,
        REDIS: f"{REDIS.stand_in}, kept in {filled.settings.redis.data_dir}",
    }
    configured = {DISCORD: f"the real one, as {name}", CLAUDE: f"the real one, {model}", REDIS: "your own"}
    # An address alone would otherwise be passed over in silence; a server without keys takes any text for one.
    gains = {CLAUDE: "to ask the server that ANTHROPIC_BASE_URL names"} if filled.address_alone else {}
    rows = [
        (default.part, stand_ins[default], f"set {default.variable} {gains.get(default, default.gain)}")
        if default in filled.lacking
        else (default.part, configured[default], "")
        for default in (DISCORD, CLAUDE, REDIS)
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"  {part:{widths[0]}}  {what:{widths[1]}}  {hint}".rstrip() for part, what, hint in rows]
    return "\n".join(["", head, "", *lines, "", "Ctrl-C stops it; what was said is kept.", ""])
