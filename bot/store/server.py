"""One Redis server: a pool of connections to it, on which commands of the same moment share a round trip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import Connection
from redis.exceptions import ResponseError

from bot.store.batches import Batches, Command

QUEUED = "_"
"""A name for which redis-py has no reader of answers."""


class Server:
    """Sends commands to one server; `client` is redis-py's client of the same pool."""

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool
        self.client: Redis = Redis(connection_pool=pool)
        self.batches = Batches(self.send)

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands, together with others of the same moment; a ResponseError is an answer.

        A lost connection is an error of redis-py, and then some of the commands may have been executed.
        """
        answers = await self.batches.join(commands)
        return await self.send(commands) if answers is None else answers

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands on one connection, in one round trip."""
        borrow: Callable[[], Awaitable[Connection]] = self.pool.get_connection
        connection = await borrow()
        answers: list[Any] = []
        try:
            packed = connection.pack_commands([args for args, _ in commands])
            await connection.send_packed_command(packed)
            is_queued = False
            for args, options in commands:
                is_queued = is_queued and args[0] != "EXEC"
                # Within a transaction, the answer to a command only says that the command is queued.
                name, known = (QUEUED, {}) if is_queued else (args[0], options)
                try:
                    answers.append(await self.client.parse_response(connection, name, **known))
                except ResponseError as error:
                    answers.append(error)
                is_queued = is_queued or args[0] == "MULTI"
        finally:
            if len(answers) < len(commands):
                # The answers that are left would be taken for those of other commands.
                await connection.disconnect(nowait=True)
            await self.pool.release(connection)
        return answers
