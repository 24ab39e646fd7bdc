"""Connections that are closed as soon as their server says that it does not serve.

After a failover the old server lives on as a read-only replica, and its connections stay open. The next attempt
opens a new connection, to the server that the address means by then.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

ELSEWHERE = frozenset(
    {"READONLY", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN", "MISCONF", "LOADING", "NOAUTH", "UNBLOCKED"}
)
"""The codes of a server that another server may have replaced (Redis, src/server.c, shared.*err)."""

WITHIN_A_SCRIPT = re.compile(r": -([A-Z]+) ")
"""Redis before 7 puts the code of a command that a script has called here."""


class NotServing(RedisConnectionError):
    """The server answers, but does not serve; redis-py repeats a command that raises a ConnectionError."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def code_of(error: BaseException) -> str:
    """Return the code of a server's answer, such as READONLY; "" if the error is no answer."""
    if isinstance(error, NotServing):
        return error.code
    if not isinstance(error, RedisError):
        return ""
    if found := WITHIN_A_SCRIPT.search(str(error)):
        return found[1]
    code = getattr(error, "status_code", None) or str(error).partition(" ")[0]
    return code if code.isalpha() and code.isupper() else ""


class Failovers:
    """Counts the connections that were closed because their server did not serve, for those that only listen.

    `refusals` counts those of them whose server has refused, the last time with `code`.
    """

    def __init__(self) -> None:
        self.count = 0
        self.refusals = 0
        self.code = ""

    def refused(self, code: str) -> None:
        """Note a refusal."""
        self.count += 1
        self.refusals += 1
        self.code = code


FindPrimary = Callable[[], Awaitable[tuple[str, int]]]
"""Returns host and port of the server that takes writes now."""


class _Dropped(AbstractConnection):
    def __init__(
        self, *args: Any, failovers: Failovers, primary: FindPrimary | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._failovers = failovers
        self._primary = primary

    async def _connect(self) -> None:
        if self._primary is not None:
            self.host, self.port = await self._primary()
        await super()._connect()  # type: ignore[safe-super, no-untyped-call]  # that of the class beside this one in `DROPPED`

    async def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*args, **options)
        except RedisError as error:
            code = code_of(error)
            if code not in ELSEWHERE:
                raise
            self._failovers.refused(code)
            await self.disconnect(nowait=True)
            raise NotServing(code) from error


class _Tcp(_Dropped, Connection):
    pass


class _Tls(_Dropped, SSLConnection):
    pass


class _Unix(_Dropped, UnixDomainSocketConnection):
    pass


DROPPED: dict[type[AbstractConnection], type[AbstractConnection]] = {
    Connection: _Tcp,
    SSLConnection: _Tls,
    UnixDomainSocketConnection: _Unix,
}
