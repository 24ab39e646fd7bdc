"""Which server of a Redis Cluster owns which slots, and which slot a command needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.crc import key_slot

Address = tuple[str, int]

UNKNOWN_HOSTS = (None, "", "?")
"""What a server answers in place of a host that it does not know: the host at which it was asked is meant."""

SCRIPTS = frozenset({"EVAL", "EVALSHA"})

WITHOUT_KEYS = frozenset(
    {"PING", "TIME", "INFO", "CONFIG", "CLUSTER", "PUBLISH", "SCRIPT", "WAIT", "ACL", "COMMAND"}
)
"""The commands without keys that the store sends; any primary answers these (Redis, "Cluster specification")."""


def slot_of(args: Sequence[Any]) -> int | None:
    """Return the slot of a command, None if the command has no keys. All keys of a command share a slot."""
    name = str(args[0]).partition(" ")[0].upper()
    if name in SCRIPTS:
        return key_slot(str(args[3]).encode()) if int(args[2]) else None
    if name in WITHOUT_KEYS or len(args) < 2:
        return None
    return key_slot(str(args[1]).encode())


@dataclass(frozen=True, slots=True)
class Owner:
    """The slots from `first` to `last`, their primary and its replicas."""

    first: int
    last: int
    primary: Address
    replicas: tuple[Address, ...] = ()


@dataclass(slots=True)
class SlotMap:
    """The owners of all slots; `moved` are slots that a server says to have moved since."""

    owners: tuple[Owner, ...] = ()
    moved: dict[int, Address] = field(default_factory=dict)

    @property
    def primaries(self) -> tuple[Address, ...]:
        """Every primary that owns slots."""
        return tuple(dict.fromkeys([*(each.primary for each in self.owners), *self.moved.values()]))

    @property
    def replicas(self) -> tuple[Address, ...]:
        """Every replica."""
        return tuple(dict.fromkeys(replica for each in self.owners for replica in each.replicas))

    def primary_of(self, slot: int) -> Address | None:
        """Return the primary of a slot, None if no server owns the slot."""
        if slot in self.moved:
            return self.moved[slot]
        index = bisect_right(self.owners, slot, key=lambda each: each.first) - 1
        if index < 0 or self.owners[index].last < slot:
            return None
        return self.owners[index].primary


def read_slots(answer: Sequence[Any], asked_host: str) -> SlotMap:
    """Read the answer of CLUSTER SLOTS; `asked_host` is the host that has answered."""

    def address(server: Sequence[Any]) -> Address:
        host, port = server[0], int(server[1])
        return (asked_host if host in UNKNOWN_HOSTS else str(host), port)

    owners = [
        Owner(int(first), int(last), address(primary), tuple(map(address, replicas)))
        for first, last, primary, *replicas in answer
    ]
    return SlotMap(tuple(sorted(owners, key=lambda each: each.first)))
