"""Calls that change a single value outside of a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAndSet(Call):
    """Set a text that is still `before` ("" for none) if all `required` keys exist; `step` names the purpose."""

    script: ClassVar[str] = "compare_and_set"
    value: Key
    step: str
    before: str
    after: str
    ttl_s: int
    required: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the step."""
        return self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveWork(Call):
    """Take an id off a queue if its score is still that which was read, or have it due `again` ("" for never)."""

    script: ClassVar[str] = "remove_work"
    work: Key
    conversation: int
    score: str
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDecisions(Call):
    """Note a decision about messages of a channel; see `bot/store/decisions.py`."""

    script: ClassVar[str] = "note_decisions"
    decisions: Key
    oldest: int
    most: int
    ttl_s: int
    final: str
    decision: str
    messages: tuple[str, ...]
