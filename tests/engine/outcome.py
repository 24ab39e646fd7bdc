"""What came of a run of chaos."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """`options` are those of the command line that repeat it, `timeline` the file of all that happened.

    `last_release` is how many bots of the last release have listened. `deeds` are the reminders, allowed calls, facts
    and branches that were made.
    """

    seed: int
    messages: int
    faults: Counter[str]
    failures: tuple[str, ...]
    claude_calls: int
    turns: int
    rest_s: float
    commands: int = 0
    commands_answered: int = 0
    timeline: str = ""
    options: str = ""
    last_release: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
