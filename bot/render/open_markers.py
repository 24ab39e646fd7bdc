"""The inline markers open at each position of a paragraph."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

from bot.render.inline import Inline

# An open marker by its position; the number orders markers at one position.
_Entry = tuple[int, int, str]


class OpenMarkers:
    """Finds the markers open at a position by binary search."""

    def __init__(self, inline: Inline) -> None:
        self._held = inline.held
        self._closed = frozenset(pair.end for pair in inline.pairs)
        self._opens: dict[int, list[_Entry]] = defaultdict(list)
        self._closes: dict[int, list[_Entry]] = defaultdict(list)
        # Changes, by position, of the number of markers and links that the position is inside of.
        self._inside: dict[int, int] = defaultdict(int)
        for number, (at, marker) in enumerate(inline.opened):
            self._opens[at + 1].append((at, number, marker))
        for number, pair in enumerate(inline.pairs, len(inline.opened)):
            size, entry = len(pair.marker), (pair.start, number, pair.marker)
            self._opens[pair.start + size].append(entry)
            self._closes[pair.end - size + 1].append(entry)
            self._block(pair.start + 1, pair.start + size)
            self._block(pair.end - size + 1, pair.end)
        for piece in inline.pieces:
            self._block(piece.start + 1, piece.end)
        self._positions: list[int] = []
        self._states: list[tuple[str, ...] | None] = []
        self._sweep()

    def at(self, position: int) -> tuple[str, ...] | None:
        """The markers open at a position, outermost first; None inside a marker or a link, and if uncertain."""
        if position > self._held:
            return None
        index = bisect_right(self._positions, position) - 1
        return self._states[index] if index >= 0 else ()

    def ends_pair(self, position: int) -> bool:
        """Whether a closing marker ends at a position."""
        return position in self._closed

    def _block(self, start: int, end: int) -> None:
        self._inside[start] += 1
        self._inside[end] -= 1

    def _sweep(self) -> None:
        # Markers do not nest in themselves, so few are open at once.
        active: set[_Entry] = set()
        blocked = 0
        for position in sorted({*self._opens, *self._closes, *self._inside}):
            active.update(self._opens.get(position, ()))
            active.difference_update(self._closes.get(position, ()))
            blocked += self._inside.get(position, 0)
            self._positions.append(position)
            self._states.append(None if blocked else tuple(marker for _, _, marker in sorted(active)))
