"""The connection to Discord: made, kept, and given up with one readable line."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.config import DiscordSettings, Exit
from bot.conversation.errors import StartError

log = structlog.get_logger()

LOGIN_TRIES = 5
LOGIN_PAUSE_S = 2.0
"""A host may start the bot before its network is up."""

FIRST_RECONNECT_S = 1.0
MOST_RECONNECT_S = 60.0
"""discord.py reconnects by itself; this is for what escapes it, such as a KeyError in one of its parsers. Each
time is an IDENTIFY, of which there are 1000 a day."""

PORTAL = "https://discord.com/developers/applications"


def point_at(settings: DiscordSettings) -> None:
    """Point discord.py at the servers of the settings; it keeps both addresses on its classes."""
    Route.BASE = settings.api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # there is no voice here


async def login(client: discord.Client, token: str) -> None:
    """Log in, or raise StartError."""
    for attempt in range(1, LOGIN_TRIES + 1):
        try:
            await client.login(token)
        except discord.LoginFailure as error:
            raise StartError(
                "Discord refused the token: set DISCORD_TOKEN to the one that "
                f"{PORTAL} shows under Bot (Reset Token makes a new one)",
                exit_code=Exit.DISCORD_TOKEN,
            ) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if attempt == LOGIN_TRIES:
                raise StartError(
                    f"Discord cannot be reached at {Route.BASE} ({type(error).__name__}): check the network, "
                    "or discord.api_url if you changed it",
                    exit_code=Exit.DISCORD_UNREACHABLE,
                ) from error
            log.warning("discord_unreachable", kind=type(error).__name__, attempt=attempt)
            await asyncio.sleep(LOGIN_PAUSE_S)
        else:
            return


async def stay_connected(client: discord.Client) -> None:
    """Keep the gateway connection until cancelled; StartError for what only an operator can mend."""
    pause_s = FIRST_RECONNECT_S
    loop = asyncio.get_running_loop()
    while not client.is_closed():
        began_s = loop.time()
        try:
            await client.connect(reconnect=True)
        except discord.PrivilegedIntentsRequired as error:
            raise StartError(
                "Discord refused the Message Content intent (close code 4014): switch on "
                f"“Message Content Intent” at {PORTAL} under Bot, Privileged Gateway Intents",
                exit_code=Exit.DISCORD_INTENT,
            ) from error
        except discord.ConnectionClosed as error:
            if error.code == 4004:
                raise StartError(
                    "Discord refused the token at the gateway (close code 4004): it was probably reset; "
                    f"set DISCORD_TOKEN to the new one from {PORTAL}",
                    exit_code=Exit.DISCORD_TOKEN,
                ) from error
            raise StartError(
                f"Discord closed the connection for good (close code {error.code})",
                exit_code=Exit.DISCORD_UNREACHABLE,
            ) from error
        except Exception as error:  # noqa: BLE001 - one odd event must not end the bot
            if loop.time() - began_s > MOST_RECONNECT_S:
                pause_s = FIRST_RECONNECT_S
            log.warning("discord_connection_failed", kind=type(error).__name__, again_in_s=pause_s)
            await _hang_up(client)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, MOST_RECONNECT_S)


async def leave(client: discord.Client) -> None:
    """Close the connection so that the bot is shown as offline at once.

    discord.py closes with 4000, which leaves the session open, and the bot online, for about two minutes.
    """
    await _hang_up(client)
    await client.close()


async def _hang_up(client: discord.Client) -> None:
    if client.ws is not None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1.0):
                await client.ws.socket.close(code=1000)
