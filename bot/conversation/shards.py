"""The shards of a process: the parts into which Discord divides the servers of a bot (Discord, "Sharding")."""

from __future__ import annotations

from dataclasses import dataclass

SERVER_SHIFT = 22


def shard_of(server: int | None, count: int) -> int:
    """Return the shard of a server among `count`; direct messages, which have no server, are on shard 0."""
    return ((server or 0) >> SERVER_SHIFT) % count


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards that a process connects: `ids` of `count`; no ids: all of them, no count: as Discord recommends."""

    ids: tuple[int, ...] = ()
    count: int | None = None

    @property
    def are_all(self) -> bool:
        """Whether the process connects every shard, so that it hears of every server."""
        return not self.ids or len(self.ids) == self.count

    def holds(self, server: int | None) -> bool:
        """Whether the process hears of a server, or, without one, of direct messages."""
        return self.are_all or self.count is None or shard_of(server, self.count) in self.ids


ALL_SHARDS = Shards()
