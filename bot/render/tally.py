"""How many calls to Discord the writers of one reply have made."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts the posts, and the edits and deletions, that succeeded; `failures` are the types of the other errors."""

    posts: int = 0
    edits: int = 0
    failures: list[str] = field(default_factory=list)
