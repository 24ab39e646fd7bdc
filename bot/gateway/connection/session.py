"""The connection to Discord: made, kept, and given up with one readable line."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import aiohttp
import discord
import structlog
import yarl
from discord.http import Route

from bot.config import DiscordSettings, Exit, proxy
from bot.conversation.errors import StartError
from bot.gateway.client import Client
from bot.gateway.connection import compat, completion, keep_alive
from bot.gateway.registration import register
from bot.retry import Schedule, retry

log = structlog.get_logger()

LOGIN = Schedule(2.0, tries=5)
"""A host may start the bot before its network is up."""

LOGIN_S = 30.0
"""All tries together, but for rate limits. discord.py alone would repeat a 502 for 15 s, and wait for an answer for 5
minutes."""

LIMIT_AT_ONCE_S = 0.001
SHORTEST_WAIT_S = 1.0
LONGEST_WAIT_S = 600.0
"""A limit that is said to last for hours may be lifted before."""

HANG_UP_S = 1.0
"""For a close frame to be answered; who does not answer is left."""

PORTAL = "https://discord.com/developers/applications"
API_PATH = "/api/v10"
NOT_HERE = (404, 405)


def point_at(settings: DiscordSettings) -> None:
    """Point discord.py at the servers of the settings, before a client is made; it keeps both on its classes."""
    api = settings.api_url.rstrip("/")
    Route.BASE = f"{api}/v10" if api.endswith("/api") else api
    compat.install(yarl.URL(settings.gateway_url))
    keep_alive.install()
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # there is no voice here
    for name in ("discord.client", "discord.app_commands.tree"):
        logging.getLogger(name).addFilter(_without_traceback)


NO_BUGS = ("Attempting a reconnect", "Ignoring exception in autocomplete")
"""How discord.py's lines on an outage begin: a connection that failed, an offer that came too late or twice."""


def _without_traceback(record: logging.LogRecord) -> bool:
    """Strip what discord.py adds to an outage: it is no bug."""
    if str(record.msg).startswith(NO_BUGS):
        if record.exc_info and str(record.msg).startswith(NO_BUGS[0]):
            # When it is tried again, `Socket` tells.
            record.msg, record.args = "The connection failed: %s", (_kind(record.exc_info[1]),)
        record.exc_info = None
    return True


def _kind(error: BaseException | None) -> str:
    return type(error).__name__


async def login(client: discord.Client, token: str) -> None:
    """Log in, or raise StartError; a rate limit is waited for, however long it lasts.

    Who ends in its place, and is started anew, asks more often, and keeps the limit alive.
    """
    waits = 0
    # Else discord.py sleeps where nobody is told: as long as a limit lasts, and up to five times.
    client.http.max_ratelimit_timeout = LIMIT_AT_ONCE_S
    while True:
        try:
            async with asyncio.timeout(LOGIN_S):
                await _login(client, token)
        except TimeoutError as error:
            raise _unreachable("it does not answer") from error
        except discord.RateLimited as error:
            wait_s = error.retry_after
        except discord.HTTPException as error:  # of Cloudflare's, in front of Discord
            wait_s = completion.retry_after_s(error.response.headers)
        else:
            client.http.max_ratelimit_timeout = None
            return
        wait_s = min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)
        # Once for the operator; how it goes on is for who looks closer.
        (log.info if waits else log.warning)(
            "discord_rate_limited",
            again_in_s=round(wait_s),
            hint="Discord limits the requests of this address (many hosts share one): it is waited for here, and a "
            "restart would only make it longer. If it lasts for hours, give the bot another address",
        )
        waits += 1
        await _forget_session(client)
        await asyncio.sleep(wait_s)


async def _login(client: discord.Client, token: str) -> None:
    # What no header can hold, such as a line break, fails in the client and looks like a server that is not Discord.
    if not token.strip().isprintable():
        raise _refused_token("DISCORD_TOKEN holds a line break or another character that no token holds")
    try:
        await retry(
            lambda: _login_once(client, token),
            LOGIN,
            on=(discord.HTTPException, aiohttp.ClientError, OSError),
            when=lambda error: not isinstance(error, discord.HTTPException) or error.status >= 500,
            on_retry=_log_outage,
        )
    except discord.LoginFailure as error:
        raise _refused_token("Discord refused the token") from error
    except discord.HTTPException as error:
        if error.status == completion.TOO_MANY_REQUESTS:
            raise
        raise _unreachable(f"it answers with {error.status}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise _unreachable(type(error).__name__) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _unreachable("it does not answer as Discord does") from error


async def _login_once(client: discord.Client, token: str) -> None:
    try:
        await client.login(token)
    except discord.HTTPException as error:
        if error.status not in NOT_HERE or yarl.URL(Route.BASE).path.strip("/"):
            raise
        log.info("discord_api_path_added", path=API_PATH)
        Route.BASE += API_PATH
        await _forget_session(client)
        await _login_once(client, token)
    finally:
        await _forget_session(client)


def _log_outage(error: Exception, failures: int) -> None:
    if isinstance(error, discord.HTTPException):
        log.warning("discord_unreachable", status=error.status, attempt=failures)
    else:
        log.warning("discord_unreachable", kind=type(error).__name__, attempt=failures)


async def _forget_session(client: discord.Client) -> None:
    if client.application is None:
        # Each login makes a session of its own, and would leave the one before open.
        await client.http.close()
        client.http.connector = discord.utils.MISSING


def _refused_token(reason: str) -> StartError:
    return StartError(
        f"{reason}: set DISCORD_TOKEN to the one that {PORTAL} shows under Bot (Reset Token makes a new one)",
        exit_code=Exit.DISCORD_TOKEN,
    )


def _unreachable(reason: str) -> StartError:
    variable = proxy.variable_for(Route.BASE)
    way = f"the proxy that {variable} names" if variable else "the network"
    return StartError(
        f"Discord cannot be reached at {Route.BASE} ({reason}): check {way}, or discord.api_url "
        "(BOT_DISCORD__API_URL) if you changed it",
        exit_code=Exit.DISCORD_UNREACHABLE,
    )


async def register_commands(client: Client) -> None:
    """Register the slash commands if need be; without them the bot still chats, so no failure ends it.

    Not part of the start: after several starts in a row, Discord lets these calls wait for their rate limit.
    """
    try:
        await register(client.tree, client.desk, client.application_id or 0)
    except Exception as error:  # noqa: BLE001 - whatever another server answers
        log.warning(
            "commands_not_registered",
            kind=type(error).__name__,
            hint="slash commands may be missing or old; it is tried again at the next start",
        )


async def stay_connected(client: discord.Client) -> None:
    """Keep the gateway connection until cancelled; StartError for what only an operator can mend."""
    while not client.is_closed():
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
            # discord.py fails at a first connection that was refused with an error of its own, about its `ws`.
            log.warning(
                "discord_connection_failed",
                kind=_kind(error.__context__ or error),
                hint="check the network, or discord.gateway_url if you changed it",
            )
            await _hang_up(client)


async def leave(client: discord.Client) -> None:
    """Close the connection so that the bot is shown as offline at once; again is harmless.

    discord.py closes with 4000, which leaves the session open, and the bot online, for about two minutes.
    """
    await _hang_up(client)
    # A task of discord.py's own, which announces the client as ready; it stumbles over one that is closed.
    if (announcing := getattr(client._connection, "_ready_task", None)) is not None:
        announcing.cancel()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(HANG_UP_S):
            await client.close()


async def _hang_up(client: discord.Client) -> None:
    # It is None until the first connection, whatever its type says.
    if getattr(client, "ws", None) is not None:
        if (keep_alive := client.ws._keep_alive) is not None:
            keep_alive.stop()  # a thread, which would beat once more for a socket that is gone
        with contextlib.suppress(Exception):
            async with asyncio.timeout(HANG_UP_S):
                await client.ws.socket.close(code=1000)
