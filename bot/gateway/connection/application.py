"""The application as the developer portal shows it, the servers and the gateway, asked for by REST."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
from discord.http import Route

from bot.findings.configured import Purpose
from bot.findings.facts import ApplicationFacts, ServerFacts
from bot.gateway import permissions
from bot.gateway.conversion.server_facts import Channel, may_be_answered, server_facts

APPLICATION = "/applications/@me"

SCOPES = ("bot", "applications.commands")

GATEWAY_S = 10.0

LIMITED_INTENTS = (
    discord.ApplicationFlags.gateway_presence_limited.flag
    | discord.ApplicationFlags.gateway_guild_members_limited.flag
    | discord.ApplicationFlags.gateway_message_content_limited.flag
)
"""The flags that a call may change (Discord, "Edit Current Application")."""

Purposes = Callable[[int, Sequence[int]], Awaitable[Sequence[tuple[int, Purpose]]]]
"""Called with a server and its channels; returns the configured ones."""


async def fetch(client: discord.Client, path: str) -> Mapping[str, Any] | None:
    """Return what a route tells, None where a server other than Discord's does not have the route."""
    try:
        found = await client.http.request(Route("GET", path))
    except discord.NotFound:
        return None
    return found if isinstance(found, Mapping) else None


def application_facts(found: Mapping[str, Any] | None) -> ApplicationFacts:
    """Read an application as Discord writes it."""
    if found is None:
        return ApplicationFacts()
    flags = discord.ApplicationFlags._from_value(int(found["flags"])) if "flags" in found else None
    link = _install_link(found)
    asked = discord.Permissions(int((link or {}).get("permissions") or 0))
    needed = permissions.granted(permissions.INVITE)
    return ApplicationFacts(
        has_message_content=None
        if flags is None
        else flags.gateway_message_content or flags.gateway_message_content_limited,
        is_public=found.get("bot_public") is not False,
        needs_code_grant=found.get("bot_require_code_grant") is True,
        has_endpoint=bool(found.get("interactions_endpoint_url")),
        has_install_link=link is not None,
        excess=tuple(permissions.name_of(name) for name in _granted(asked) if name not in needed),
        lacking=permissions.all_lacking(asked, needed) if link and not asked.administrator else (),
    )


def _granted(asked: discord.Permissions) -> tuple[str, ...]:
    return ("administrator",) if asked.administrator else permissions.granted(asked)


def _install_link(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the parameters of the install link; an application that asks for the bot's scope alone has none."""
    config = (found.get("integration_types_config") or {}).get("0") or {}
    link = config.get("oauth2_install_params") or found.get("install_params")
    return link if isinstance(link, Mapping) and "bot" in (link.get("scopes") or ()) else None


async def gateway_problem(client: discord.Client, url: str) -> str:
    """Connect until the gateway says hello, which starts no session; return why that failed, "" if it did not."""
    try:
        async with asyncio.timeout(GATEWAY_S):
            socket = await client.http.ws_connect(f"{url.rstrip('/')}/?v=10&encoding=json")
            try:
                message = await socket.receive()
            finally:
                await socket.close(code=1000)
    except TimeoutError:
        return "it does not answer"
    except (aiohttp.ClientError, OSError) as error:
        return type(error).__name__
    return "" if message.type is aiohttp.WSMsgType.TEXT else "it does not answer as Discord does"


async def servers(
    client: discord.Client, purposes: Purposes, *, limit: int, tools: Collection[str] = ()
) -> tuple[int, list[ServerFacts]]:
    """Return the number of servers, and the facts about the first `limit` of them, where these `tools` are on."""
    ids = [guild.id async for guild in client.fetch_guilds(limit=None, with_counts=False)]
    return len(ids), [await _server(client, id_, purposes, tools) for id_ in ids[:limit]]


async def _server(
    client: discord.Client, id_: int, purposes: Purposes, tools: Collection[str]
) -> ServerFacts:
    guild = await client.fetch_guild(id_, with_counts=False)
    me = await guild.fetch_member(cast("discord.ClientUser", client.user).id)
    listed: dict[int, Channel] = {each.id: each for each in await guild.fetch_channels()}
    configured = await purposes(id_, [each.id for each in listed.values() if may_be_answered(each)])
    facts = server_facts(guild, me, configured, listed.get, tools)
    hidden = {each.id for each in facts.channels if each.gone and await _is_hidden(client, each.id)}
    return facts.seeing(hidden, permissions.NAMES["view_channel"])


async def _is_hidden(client: discord.Client, channel: int) -> bool:
    """Whether a channel that is not listed exists, and the bot does not see it."""
    try:
        await client.fetch_channel(channel)
    except discord.Forbidden:
        return True
    except discord.NotFound:
        return False
    return False


async def switch_on_intent(client: discord.Client) -> None:
    """Switch on the Message Content intent; Discord allows it for applications below its review."""
    found = await fetch(client, APPLICATION) or {}
    flags = int(found.get("flags") or 0) & LIMITED_INTENTS
    await _edit(client, flags=flags | discord.ApplicationFlags.gateway_message_content_limited.flag)


async def remove_endpoint(client: discord.Client) -> None:
    """Have interactions sent over the gateway."""
    await _edit(client, interactions_endpoint_url=None)


async def set_install_link(client: discord.Client) -> None:
    """Have the install link ask for what the bot needs."""
    found = await fetch(client, APPLICATION) or {}
    link = {"scopes": list(SCOPES), "permissions": str(permissions.INVITE.value)}
    config = found.get("integration_types_config") or {}
    if (config.get("0") or {}).get("oauth2_install_params"):
        await _edit(client, integration_types_config={**config, "0": {"oauth2_install_params": link}})
    else:
        await _edit(client, install_params=link)


async def _edit(client: discord.Client, **fields: Any) -> None:
    await client.http.request(Route("PATCH", APPLICATION), json=fields)
