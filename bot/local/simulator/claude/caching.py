"""Prompt caching by the documented rules. Pure: time is an argument.

- A breakpoint writes an entry for all up to its block, if that reaches the model's smallest cacheable size.
- A breakpoint reads the longest live entry among its own block and those before it, 20 in all.
- Of several breakpoints, the longest read counts; what follows it up to the last breakpoint is written.
- An entry lives for 5 minutes or an hour from the start of the request that wrote or last read it.
- It can be read once the first response of its writer has begun.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .catalogue import Model
from .prompt import Block, Prompt, Ttl

# The number of blocks that a breakpoint looks back, including its own.
LOOK_BACK_BLOCKS = 20
LIFETIMES_S: dict[Ttl, float] = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached prefix; dead from `expires_at` on."""

    ttl: Ttl
    tokens: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a request reads and will write, in tokens, and the entries to keep once its response begins."""

    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    uncached: int = 0
    entries: tuple[tuple[str, Entry], ...] = ()

    @property
    def total(self) -> int:
        """Every input token of the request."""
        return self.read + self.written_5m + self.written_1h + self.uncached


@dataclass(slots=True)
class Cache:
    """Every live entry, by the digest of its prefix; the digest names the model too."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def look_up(self, prompt: Prompt, model: Model, now: float) -> Lookup:
        """Decide what a request that starts `now` reads and writes, and refresh what it reads."""
        self.entries = {key: entry for key, entry in self.entries.items() if entry.expires_at > now}
        marked = [
            (at, block)
            for at, block in enumerate(prompt.blocks)
            if block.ttl and block.tokens >= model.min_cacheable_tokens
        ]
        hits = {hit for at, _ in marked if (hit := self._longest(prompt.blocks, at)) is not None}
        for hit in hits:
            self._refresh(prompt.blocks[hit].prefix, now)
        reach = max(hits, default=-1)
        read = prompt.blocks[reach].tokens if hits else 0
        writes = [block for at, block in marked if at > reach]
        long = max((block.tokens for block in writes if block.ttl == "1h"), default=read)
        last = max((block.tokens for block in writes), default=read)
        return Lookup(
            read=read,
            written_1h=long - read,
            written_5m=last - long,
            uncached=prompt.tokens - last,
            entries=tuple((block.prefix, _entry(block, now)) for block in writes),
        )

    def begin(self, lookup: Lookup) -> None:
        """Note the begin of the response; its entries can be read from now on."""
        for key, entry in lookup.entries:
            known = self.entries.get(key)
            if known is None or known.expires_at < entry.expires_at:
                self.entries[key] = entry

    def _longest(self, blocks: tuple[Block, ...], at: int) -> int | None:
        for position in range(at, max(at - LOOK_BACK_BLOCKS, -1), -1):
            if blocks[position].prefix in self.entries:
                return position
        return None

    def _refresh(self, key: str, now: float) -> None:
        entry = self.entries[key]
        self.entries[key] = Entry(entry.ttl, entry.tokens, now + LIFETIMES_S[entry.ttl])


def _entry(block: Block, now: float) -> Entry:
    ttl = block.ttl or "5m"
    return Entry(ttl, block.tokens, now + LIFETIMES_S[ttl])
