"""Redis Sentinel: which server is the primary is asked for each new connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import ConnectionPool, SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from bot.store.serving import Failovers

PASSED_ON = ("socket_timeout", "socket_connect_timeout", "protocol", "driver_info")


@dataclass(frozen=True, slots=True)
class SentinelSettings:
    """Where the Sentinels are, the name of the service that they watch, and how to log in to them."""

    addresses: tuple[tuple[str, int], ...]
    service: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


class Primary:
    """Asks the Sentinels for the primary; TLS is used for the Sentinels as for the primary."""

    def __init__(self, settings: SentinelSettings, pool: ConnectionPool, failovers: Failovers) -> None:
        options: dict[str, Any] = {name: pool.connection_kwargs.get(name) for name in PASSED_ON}
        if issubclass(pool.connection_class, SSLConnection):
            options["ssl"] = True
            options |= {n: value for n, value in pool.connection_kwargs.items() if n.startswith("ssl_")}
        # One repetition: an idle connection may be closed by now. Then the next Sentinel is asked.
        options |= {
            "retry": Retry(NoBackoff(), 1),
            "username": settings.username,
            "password": settings.password,
        }
        build: Callable[..., Sentinel] = Sentinel
        self._sentinel = build(settings.addresses, sentinel_kwargs=options)
        self._service = settings.service
        self._pool = pool
        self._failovers = failovers
        self._last: tuple[str, int] | None = None

    async def address(self) -> tuple[str, int]:
        """Return host and port of the primary; MasterNotFoundError, which is a ConnectionError, if nobody knows it.

        After a failover the idle connections lead to the old primary, and are closed.
        """
        host, port = await self._sentinel.discover_master(self._service)
        before, self._last = self._last, (str(host), int(port))
        if before not in (None, self._last):
            self._failovers.count += 1
            await self._pool.disconnect(inuse_connections=False)
        return self._last

    async def aclose(self) -> None:
        """Close the connections to the Sentinels."""
        await self._sentinel.aclose()
