"""What a conversation holds by now, before its next request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.conversation.content import Source
from bot.conversation.memory import without_facts
from bot.conversation.turn import UNSENT, Preface, Turn


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a conversation: the turns of its window, and what people asked to be remembered.

    `window_start` is the index of the window's first turn. `pins` are the ids of pinned messages. `corrected` is the
    summary of the turn of that id in somebody's words. `earlier` is the last turn as it was, if it is regenerated or
    continued; it is not part of `history`. `recalled` are entries from before the window as they are now, of messages
    that are pinned. `pinned_now` is an id of the time at which somebody asked that pins count without waiting for a
    trim.
    """

    history: tuple[Turn, ...] = ()
    window_start: int = 0
    pins: frozenset[int] = frozenset()
    corrected: tuple[int, str] | None = None
    earlier: Turn | None = None
    recalled: tuple[Turn, ...] = ()
    pinned_now: int | None = None

    @property
    def preface(self) -> Preface:
        """What stands before the window; its pinned turns as their messages are now."""
        for turn in reversed(self._all):
            if turn.preface is not None:
                now = {entry.id: replace(entry, preface=None) for entry in self.recalled}
                pinned = (now.get(entry.id, entry) for entry in turn.preface.pinned)
                preface = replace(
                    turn.preface, pinned=tuple(entry for entry in pinned if entry.outcome not in UNSENT)
                )
                if self.corrected is not None and self.corrected[0] == turn.id:
                    return replace(preface, summary=self.corrected[1])
                return preface
        return Preface()

    @property
    def trimmed_by(self) -> int | None:
        """The id of the turn whose trim made the preface, None if there is none."""
        return next((turn.id for turn in reversed(self._all) if turn.preface is not None), None)

    @property
    def at_once(self) -> bool:
        """Whether pins are to count now: no request was made since a person asked for it.

        A turn that was running at the time does not count, because its messages are older; nor does a failed turn.
        Reading the pins once more than needed changes nothing unless the pins changed.
        """
        return self.pinned_now is not None and not any(
            turn.id > self.pinned_now and (turn.usage.input_total or turn.preface is not None)
            for turn in self._all
        )

    @property
    def sources(self) -> frozenset[Source]:
        """The files that a request may name: those of the window, of its preface, and of what pins may recall."""
        return frozenset(source for turn in (*self._all, *self.recalled) for source in turn.sources)

    def committed(self, turn: Turn | None, window_start: int) -> Past:
        """Return the conversation after its next turn, None for a turn without an entry."""
        kept = self.history[max(0, window_start - self.window_start) :]
        history = (*kept, *((turn,) if turn is not None else ()))
        return replace(self, history=history, window_start=window_start, earlier=None)

    def without_files(self, gone: Collection[Source]) -> Past:
        """Return the conversation with a text in place of each file that is gone."""
        if not gone:
            return self

        def each(turns: Sequence[Turn]) -> tuple[Turn, ...]:
            return tuple(turn.without_files(gone) for turn in turns)

        earlier = None if self.earlier is None else self.earlier.without_files(gone)
        return replace(self, history=each(self.history), recalled=each(self.recalled), earlier=earlier)

    def without_facts(self, gone: Collection[str], *, with_summary: bool) -> Past:
        """Return the conversation without the words of facts that hold no more; the summary may have them as well."""
        if not gone:
            return self
        newest = max((turn.id for turn in self._all), default=0)

        def each(turns: Sequence[Turn]) -> tuple[Turn, ...]:
            return tuple(without_facts(turn, gone, newest) for turn in turns)

        earlier = None if self.earlier is None else without_facts(self.earlier, gone, newest)
        trimmed_by = self.trimmed_by
        corrected = self.corrected if with_summary or trimmed_by is None else (trimmed_by, "")
        return replace(
            self,
            history=each(self.history),
            recalled=each(self.recalled),
            earlier=earlier,
            corrected=corrected,
        )

    @property
    def _all(self) -> tuple[Turn, ...]:
        return (*self.history, *((self.earlier,) if self.earlier is not None else ()))
