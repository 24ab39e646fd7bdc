"""The session with Discord: login, connection, and a StartError of one line where only the operator can help."""

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
from bot.findings.discord_rules import PORTAL, SWITCH_ON_INTENT
from bot.gateway.connection import compat, completion, keep_alive
from bot.gateway.connection.client import Client
from bot.gateway.connection.shard import Shard
from bot.retry import Schedule, retry
from bot.shutdown import together
from bot.telemetry.gateway_state import GatewayReason

log = structlog.get_logger()

LOGIN = Schedule(2.0, tries=5)
"""A host may start the bot before its network is up."""

LOGIN_S = 30.0
"""All tries together, without waits for rate limits. discord.py alone repeats a 502 for 15 s, and waits 5 minutes
for a response."""

RATELIMIT_TIMEOUT_S = 0.001
"""discord.py raises RateLimited for longer limits."""

RATE_LIMIT_WAIT_MIN_S = 1.0
RATE_LIMIT_WAIT_MAX_S = 600.0
"""Discord may lift a limit of hours early."""

FIND_SHARDS = Schedule(1.0, factor=2, longest_s=30.0, spread=0.5)

TOKEN_REFUSED = 4004
SHARDING_REQUIRED = 4011

CLOSE_HINTS = {
    4010: ": discord.shard_ids names a shard that discord.shard_count does not have",
    SHARDING_REQUIRED: ": the bot is in too many servers for so few shards; raise discord.shard_count, or leave "
    "it out, and start anew",
}

CLOSE_S = 1.0
"""For the response to a close frame."""

API_PATH = "/api/v10"
WRONG_PATH = (404, 405)
UNAUTHORIZED = 401


def configure(settings: DiscordSettings) -> None:
    """Set the addresses that discord.py keeps on its classes; to be called before a client is made."""
    api = settings.api_url.rstrip("/")
    Route.BASE = f"{api}/v10" if api.endswith("/api") else api
    compat.install(yarl.URL(settings.gateway_url))
    keep_alive.install()
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # there is no voice here
    for name in ("discord.client", "discord.app_commands.tree"):
        logging.getLogger(name).addFilter(_remove_traceback)


OUTAGE_LINES = ("Attempting a reconnect", "Ignoring exception in autocomplete")
"""The beginnings of discord.py's log lines about a failed connection and about a late or repeated autocomplete."""


def _remove_traceback(record: logging.LogRecord) -> bool:
    """Remove the traceback from discord.py's log lines about an outage, which is no bug."""
    if str(record.msg).startswith(OUTAGE_LINES):
        if record.exc_info and str(record.msg).startswith(OUTAGE_LINES[0]):
            # `Socket` logs when the next attempt is made.
            record.msg, record.args = "The connection failed: %s", (_kind(record.exc_info[1]),)
        record.exc_info = None
    return True


def _kind(error: BaseException | None) -> str:
    return type(error).__name__


async def login(client: discord.Client, token: str) -> None:
    """Log in, or raise StartError; waits for a rate limit however long it lasts.

    A process that ends instead is restarted, sends more requests, and prolongs the limit.
    """
    waits = 0
    # discord.py would otherwise sleep without a log line: as long as the limit lasts, up to five times.
    client.http.max_ratelimit_timeout = RATELIMIT_TIMEOUT_S
    while True:
        try:
            async with asyncio.timeout(LOGIN_S):
                await _login(client, token)
        except TimeoutError as error:
            raise _unreachable("it does not answer") from error
        except discord.RateLimited as error:
            wait_s = error.retry_after
        except discord.HTTPException as error:  # a 429 of Cloudflare, in front of Discord
            wait_s = completion.retry_after_s(error.response.headers)
        else:
            client.http.max_ratelimit_timeout = None
            return
        wait_s = min(max(wait_s, RATE_LIMIT_WAIT_MIN_S), RATE_LIMIT_WAIT_MAX_S)
        # One warning; repetitions are details.
        (log.info if waits else log.warning)(
            "discord_rate_limited",
            again_in_s=round(wait_s),
            hint="Discord limits the requests of this address (many hosts share one): the bot waits, and a restart "
            "would only prolong the limit. If it lasts for hours, give the bot another address",
        )
        waits += 1
        if isinstance(client, Client):
            client.health.lost(GatewayReason.RATE_LIMITED)
        await _close_http_session(client)
        await asyncio.sleep(wait_s)


async def _login(client: discord.Client, token: str) -> None:
    # A line break, which no header can hold, would fail in aiohttp like a server that is not Discord.
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
        if error.status not in WRONG_PATH or yarl.URL(Route.BASE).path.strip("/"):
            raise
        log.info("discord_api_path_added", path=API_PATH)
        Route.BASE += API_PATH
        await _close_http_session(client)
        await _login_once(client, token)
    finally:
        await _close_http_session(client)


def _log_outage(error: Exception, failures: int) -> None:
    if isinstance(error, discord.HTTPException):
        log.warning("discord_unreachable", status=error.status, attempt=failures)
    else:
        log.warning("discord_unreachable", kind=type(error).__name__, attempt=failures)


async def _close_http_session(client: discord.Client) -> None:
    if client.application is None:
        # Each login opens an HTTP session, and would not close the one before.
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


class TooFewShards(Exception):
    """Discord has closed a connection because the bot is in more servers than its shards may have."""


async def stay_connected(client: Client) -> None:
    """Keep each shard connected until cancelled; raises StartError where only the operator can help.

    A bot that has outgrown its shards connects anew with as many as Discord recommends by then.
    """
    outgrown: int | None = None
    while True:
        await _find_shards(client)
        if outgrown is not None and (client.shard_count or 0) <= outgrown:
            raise _closed_for_good(SHARDING_REQUIRED)
        try:
            await together(*(_stay_connected(shard) for shard in client.connections))
        except TooFewShards:
            outgrown = client.shard_count or 0
            log.warning("discord_shards_outgrown", count=outgrown)
            await asyncio.gather(*map(_close_socket, client.connections))
        else:
            return


async def _find_shards(client: Client) -> None:
    def log_failure(error: Exception, failures: int) -> None:
        limited = getattr(error, "status", None) == completion.TOO_MANY_REQUESTS
        limited = limited or isinstance(error, discord.RateLimited)
        client.health.lost(GatewayReason.RATE_LIMITED if limited else GatewayReason.DISCORD_UNAVAILABLE)
        _log_outage(error, failures)

    try:
        await retry(
            client.find_shards,
            FIND_SHARDS,
            on=(discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError),
            when=lambda error: (
                not (isinstance(error, discord.HTTPException) and error.status == UNAUTHORIZED)
            ),
            on_retry=log_failure,
        )
    except discord.HTTPException as error:
        raise _refused_token("Discord refused the token") from error


async def _stay_connected(shard: Shard) -> None:
    while not shard.is_closed():
        try:
            await shard.connect()
        except discord.PrivilegedIntentsRequired as error:
            raise StartError(
                f"Discord refused the Message Content intent (close code 4014): {SWITCH_ON_INTENT}",
                exit_code=Exit.DISCORD_INTENT,
            ) from error
        except discord.ConnectionClosed as error:
            if error.code == SHARDING_REQUIRED and shard.chooses_shards:
                raise TooFewShards from error
            if error.code == TOKEN_REFUSED:
                raise StartError(
                    "Discord refused the token at the gateway (close code 4004): it was probably reset; "
                    f"set DISCORD_TOKEN to the new one from {PORTAL}",
                    exit_code=Exit.DISCORD_TOKEN,
                ) from error
            raise _closed_for_good(error.code) from error
        except Exception as error:  # noqa: BLE001 - no event may end the bot
            # Where the first connection is refused, discord.py fails with an AttributeError about its `ws`.
            log.warning(
                "discord_connection_failed",
                kind=_kind(error.__context__ or error),
                hint="check the network, or discord.gateway_url if you changed it",
            )
            await _close_socket(shard)


def _closed_for_good(code: int) -> StartError:
    return StartError(
        f"Discord closed the connection for good (close code {code}){CLOSE_HINTS.get(code, '')}",
        exit_code=Exit.DISCORD_UNREACHABLE,
    )


async def disconnect(client: Client) -> None:
    """Close the connection so that Discord shows the bot as offline at once; a repeated call does nothing.

    discord.py closes with 4000, which keeps the session, and the bot online, for about two minutes.
    """
    await asyncio.gather(*map(_close_socket, client.connections))
    client._connection.cancel_ready()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_S):
            await client.close()


async def _close_socket(shard: Shard) -> None:
    if shard.ws is not None:
        if (keep_alive := shard.ws._keep_alive) is not None:
            keep_alive.stop()  # a thread, which would send one more heartbeat over the closed socket
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await shard.ws.socket.close(code=1000)
