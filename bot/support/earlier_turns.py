"""The conversation before a turn: which of its entries a journal holds, and how a replay stores them again. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.conversation.errors import Unreadable
from bot.conversation.request import Usage
from bot.conversation.turn import Turn, exchange
from bot.store.codec import dump_turn, load_turn
from bot.support.journal_reading import earlier_of, entry_of

MOST_INDEX = 100_000
"""Bounds the indexes of a replay: they stand in a file that anybody may have written."""

AFTER_MS = 60_000
"""How long after the turn before a turn was asked whose time no journal has."""

META_FIELDS = ("pins", "places", "pinned_now", "corrected")
"""The fields of a conversation's metadata that decide, besides the entries, what a request holds."""

GONE = Turn(0, (), "removed", "", 0, 0, Usage(), 0, "")
"""Stands for each entry that no request reads any more, so that the others keep their indexes."""


@dataclass(frozen=True, slots=True)
class EarlierTurns:
    """The entries that the request of a turn could hold, by index, and the metadata; `window_start` is an index.

    `prefix_key` stands in the entries whose beginning the turn's request had. A replay has another system prompt, and
    therefore puts its own key there.
    """

    turns: dict[int, Turn]
    window_start: int
    prefix_key: str
    meta: dict[str, str]

    def entries(self, prefix_key: str) -> list[str]:
        """Return the whole history as it is stored, with another `prefix_key`."""
        gone, keyed = dump_turn(GONE), {self.prefix_key: prefix_key} if self.prefix_key else {}
        found = {
            index: dump_turn(replace(turn, prefix_key=keyed.get(turn.prefix_key, turn.prefix_key)))
            for index, turn in self.turns.items()
        }
        return [found.get(index, gone) for index in range(max(found) + 1)]

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the metadata as they are stored."""
        return {**self.meta, "cut": str(self.window_start)}

    @property
    def beginning(self) -> EarlierTurns | None:
        """The shortest conversation whose next request begins like the turn's; None if any does."""
        latest = sorted(self.turns.items(), reverse=True)
        turn = next((turn for index, turn in latest if turn.preface and index >= self.window_start), None)
        if turn is None:
            return None
        short = replace(
            turn,
            sent=exchange(turn.question, turn.reply or "."),
            outcome="answered",
            user_tokens=1,
            reply_tokens=1,
            usage=Usage(),
            window_start=0,
        )
        corrected = {name: value for name, value in self.meta.items() if name == "corrected"}
        return EarlierTurns({0: short}, 0, "", corrected)


def held_before(history: Sequence[str], at: int, places: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the entries that the request of the turn with index `at` could hold, with their indexes.

    These are the entries of the window, and those before it of pinned messages, whose indexes `places` names. Each
    entry says when its request was sent, if need be by the second of its id, because ids are replaced.
    """
    end = min(at, len(history))
    newest = next(filter(None, map(_read, reversed(history[:end]))), None)
    if newest is None:
        return
    pinned = {int(each) for each in places.split() if each.isdecimal()}
    for index in sorted({*range(newest.window_start, end), *(each for each in pinned if each < end)}):
        if (turn := _read(history[index])) is not None:
            asked_ms = turn.asked_ms or turn.requested_ms // 1000 * 1000
            yield index, json.loads(dump_turn(replace(turn, asked_ms=asked_ms)))


def earlier_turns(journal: dict[str, Any], now_ms: int) -> EarlierTurns | None:
    """Return what a replay stores before the turn, None if the journal holds no earlier turns.

    KeyError, TypeError or ValueError for a malformed journal.

    All times are moved so that the turn is asked at `now_ms`: the gaps decide what the cache of Claude still holds.
    """
    try:
        turns = {int(each["index"]): load_turn(json.dumps(_loadable(each))) for each in earlier_of(journal)}
    except Unreadable:
        raise ValueError from None
    if not turns:
        return None
    if min(turns) < 0 or max(turns) >= MOST_INDEX:
        raise ValueError
    newest = turns[max(turns)]
    moved_ms = now_ms - (_asked_ms(journal) or newest.asked_ms + AFTER_MS)
    meta = journal.get("meta")
    return EarlierTurns(
        {index: replace(turn, asked_ms=max(0, turn.asked_ms + moved_ms)) for index, turn in turns.items()},
        newest.window_start,
        _prefix_key(journal, turns),
        {
            name: value
            for name in META_FIELDS
            if isinstance(meta, Mapping) and isinstance(value := meta.get(name), str)
        },
    )


def _read(text: str) -> Turn | None:
    try:
        return load_turn(text)
    except Unreadable:
        return None


def _loadable(value: Any) -> Any:
    """Return a redacted entry as the store reads it: filler stands where a choice of a fixed set is expected."""
    if isinstance(value, dict):
        return {name: _loadable(each) for name, each in value.items() if name not in ("index", "made_with")}
    return list(map(_loadable, value)) if isinstance(value, list) else value


def _asked_ms(journal: dict[str, Any]) -> int:
    """Return when the request of the turn was sent; if no entry says so, when its attempt began; 0 if unknown."""
    asked_ms = entry_of(journal).get("asked_ms")
    if isinstance(asked_ms, int) and asked_ms:
        return asked_ms
    began = str((journal.get("record") or {}).get("began") or "")
    return int(began) if began.isdecimal() else 0


def _prefix_key(journal: dict[str, Any], turns: Mapping[int, Turn]) -> str:
    """Return the key of what stood before the window when the turn was asked.

    A turn that made a trim has the key of what stands there since; then the key of the turn before counts.
    """
    entry = entry_of(journal)
    if entry.get("prefix_key") and not entry.get("preface"):
        return str(entry["prefix_key"])
    keys = (turn.prefix_key for _, turn in sorted(turns.items(), reverse=True))
    return next(filter(None, keys), "")
