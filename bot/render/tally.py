"""How many calls to Discord the writers of one reply have made."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.conversation.errors import BobbinError, DiscordError, DiscordNotNow


@dataclass(slots=True)
class Tally:
    """Counts the posts, and the edits and deletions, that succeeded; `failures` are the types of the other errors.

    `refused` has five numbers for each error of Discord: 1 for an edit or a deletion and 0 for a post, how many calls
    of that kind had succeeded, the status and the code of Discord's answer (0 without one), and for how many seconds
    Discord allows no call.
    """

    posts: int = 0
    edits: int = 0
    failures: list[str] = field(default_factory=list)
    refused: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def failed(self, error: BobbinError, *, is_edit: bool, name: str = "") -> None:
        """Count a call that failed; `name` replaces the type of the error."""
        self.failures.append(name or type(error).__name__)
        if isinstance(error, DiscordError):
            seconds = round(error.for_s) if isinstance(error, DiscordNotNow) else 0
            before = self.edits if is_edit else self.posts
            self.refused.append((int(is_edit), before, error.status, error.code, seconds))
