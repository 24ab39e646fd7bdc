"""A Redis Cluster: each command goes to the primary that owns the slot of its keys.

The slots come from CLUSTER SLOTS and from the redirections of the servers (Redis, "Cluster specification").

redis-py's own RedisCluster does not fit: it sends ASKING on one connection and the redirected command on another,
raises an error when all connections are in use, and repeats a command without a pause.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import AskError, MovedError, RedisError, ResponseError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.store.batches import Command
from bot.store.cluster_slots import SCRIPTS, Address, Owner, SlotMap, read_slots, slot_of
from bot.store.server import Server
from bot.store.serving import Failovers, NotServing

MOST_REDIRECTS = 8
"""After so many redirections at once, further ones count as failures: two servers point to each other."""

ASK_SLOTS: Command = (("CLUSTER SLOTS",), {})
ASKING: Command = (("ASKING",), {})
MULTI: Command = (("MULTI",), {})
EXEC: Command = (("EXEC",), {})

LOST = (RedisError, OSError, TimeoutError, RuntimeError)
"""What a lost connection raises, as in `connection.translated`; a refusal is an answer and is not raised."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Commands of one slot that go to one server, one behind the other on one connection."""

    commands: tuple[Command, ...]
    slot: int | None

    @classmethod
    def of(cls, *commands: Command) -> Self:
        """Return a unit of commands; its slot is that of the first one that has keys."""
        slots = (slot_of(args) for args, _ in commands)
        return cls(commands, next((slot for slot in slots if slot is not None), None))

    @property
    def has_script(self) -> bool:
        """Whether a script is among the commands."""
        return any(str(args[0]).upper() in SCRIPTS for args, _ in self.commands)


class Cluster:
    """Routes commands; `seed` is the server of the address that is configured."""

    def __init__(
        self,
        seed: Server,
        seed_host: str,
        open_server: Callable[[str, int], Server],
        failovers: Failovers,
        *,
        retries: int,
        backoff: ExponentialWithJitterBackoff,
    ) -> None:
        self._seed = seed
        self._seed_host = seed_host
        self._open = open_server
        self._failovers = failovers
        self._retries = retries
        self._backoff = backoff
        self._servers: dict[Address, Server] = {}
        self._slots = SlotMap()
        self._lock = asyncio.Lock()
        self._looks = 0

    async def primaries(self) -> list[Server]:
        """Return a server for each primary, as CLUSTER SLOTS names the primaries now."""
        await self._look(self._looks)
        return [self._server(each) for each in self._slots.primaries]

    async def owners(self) -> tuple[Owner, ...]:
        """Return who owns which slots, as CLUSTER SLOTS says it now."""
        await self._look(self._looks)
        return self._slots.owners

    async def any_primary(self) -> Server:
        """Return one of the primaries."""
        if not self._slots.owners:
            await self._look(self._looks)
        return self._server(random.choice(self._slots.primaries))

    async def execute(self, units: Sequence[Unit]) -> list[list[Any]]:
        """Send units, those of one server together, and return the answers of each; a refusal is an answer.

        A lost connection, a redirection and a slot that no server serves are met by trying again.
        """
        answers: list[list[Any]] = [[] for _ in units]
        asking: dict[int, Server] = {}
        left, failures, redirects = list(range(len(units))), 0, 0
        while left:
            groups = await self._grouped(units, left, asking)
            found = await self._asked(units, groups, asking)
            left, problem = [], None
            for (server, numbers), got in zip(groups, found, strict=True):
                if isinstance(got, BaseException):
                    left, problem = [*left, *numbers], got
                    await self._look(self._looks, without=server)
                    continue
                for number, each in zip(numbers, got, strict=True):
                    asking.pop(number, None)
                    refusal = next((one for one in each if isinstance(one, AskError | TryAgainError)), None)
                    if refusal is None:
                        answers[number] = each
                        continue
                    left.append(number)
                    redirects += 1
                    if isinstance(refusal, MovedError):
                        await self._note_moved(refusal, server)
                    elif isinstance(refusal, AskError):
                        asking[number] = self._server(self._address(refusal, server))
                    if isinstance(refusal, TryAgainError) or redirects > MOST_REDIRECTS + len(units):
                        problem = refusal
            left.sort()
            if problem is not None:
                failures += 1
                if failures > self._retries:
                    raise problem
                await asyncio.sleep(self._backoff.compute(failures))
        return answers

    async def aclose(self) -> None:
        """Close all connections but those of the seed."""
        for server in self._servers.values():
            await server.pool.disconnect()

    async def disconnect_idle(self) -> None:
        """Close the connections that are not in use."""
        for server in self._servers.values():
            await server.pool.disconnect(inuse_connections=False)

    async def _grouped(
        self, units: Sequence[Unit], numbers: Sequence[int], asking: dict[int, Server]
    ) -> list[tuple[Server, list[int]]]:
        if not self._slots.owners:
            await self._look(self._looks)
        groups: dict[Server, list[int]] = {}
        for number in numbers:
            server = asking.get(number) or self._of_slot(units[number].slot)
            groups.setdefault(server, []).append(number)
        return list(groups.items())

    def _of_slot(self, slot: int | None) -> Server:
        address = self._slots.primaries[0] if slot is None else self._slots.primary_of(slot)
        # A server that does not own the slot answers where the slot is, or that the cluster is down.
        return self._server(address or self._slots.primaries[0])

    async def _asked(
        self, units: Sequence[Unit], groups: list[tuple[Server, list[int]]], asking: dict[int, Server]
    ) -> list[list[list[Any]] | BaseException]:
        calls = [
            _ask(server, [(units[each], each in asking) for each in each_of]) for server, each_of in groups
        ]
        if len(calls) == 1:
            return [await calls[0]]
        return list(await asyncio.gather(*calls))

    async def _note_moved(self, refusal: MovedError, asked: Server) -> None:
        """Note where a slot is; its new owner knows best what else it owns."""
        address = self._address(refusal, asked)
        if self._slots.primary_of(refusal.slot_id) != address:  # another command may have noted it
            await self._look(self._looks, first=self._server(address))
            if self._slots.primary_of(refusal.slot_id) != address:
                self._slots.moved[refusal.slot_id] = address

    def _address(self, refusal: AskError, asked: Server) -> Address:
        return (refusal.host or self._host_of(asked), refusal.port)

    async def _look(self, looks: int, *, first: Server | None = None, without: Server | None = None) -> None:
        """Ask for the slots, unless that was done since there were so many `looks`."""
        async with self._lock:
            if self._looks != looks:
                return
            problem: BaseException | None = None
            for server in self._candidates(first, without):
                try:
                    (answer,) = await server.send([ASK_SLOTS])
                except LOST as error:
                    problem = error
                    continue
                if isinstance(answer, ResponseError) or not answer:
                    problem = answer or NotServing("CLUSTERDOWN")  # no slot has a server
                    continue
                await self._adopt(read_slots(answer, self._host_of(server)))
                return
            if isinstance(problem, NotServing):
                raise problem
            raise RedisConnectionError("no server of the cluster tells the slots") from problem

    def _candidates(self, first: Server | None, without: Server | None) -> list[Server]:
        """Return the servers to ask for the slots, the one that has just failed last."""
        known = [self._server(each) for each in (*self._slots.primaries, *self._slots.replicas)]
        random.shuffle(known)
        wanted = [*([first] if first else []), *known, self._seed]
        ordered = [each for each in wanted if each is not without]
        return list(dict.fromkeys([*ordered, *([without] if without else [])]))

    async def _adopt(self, slots: SlotMap) -> None:
        before, self._slots = set(self._slots.primaries), slots
        self._looks += 1
        if before and before != set(slots.primaries):
            self._failovers.count += 1
            for gone in before - set(slots.primaries):
                await self._servers[gone].pool.disconnect(inuse_connections=False)

    def _server(self, address: Address) -> Server:
        if address not in self._servers:
            self._servers[address] = self._open(*address)
        return self._servers[address]

    def _host_of(self, server: Server) -> str:
        return next((host for (host, _), each in self._servers.items() if each is server), self._seed_host)


async def _ask(server: Server, units: Sequence[tuple[Unit, bool]]) -> list[list[Any]] | BaseException:
    """Send units to one server, and return the answers of each, or what a lost connection has raised."""
    sent = [[*([ASKING] if asks else []), *unit.commands] for unit, asks in units]
    try:
        answers = await server.ask([command for commands in sent for command in commands])
    except LOST as error:
        return error
    found: list[list[Any]] = []
    start = 0
    for (unit, _), commands in zip(units, sent, strict=True):
        end = start + len(commands)
        found.append(answers[end - len(unit.commands) : end])
        start = end
    return found
