"""A reminder: its states, the steps between them, and the message that is posted; pure.

A reminder waits until it is due, is then being posted by one instance, and ends, or waits again if it recurs. So a
crash leaves behind which message may or may not stand in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.conversation import wording
from bot.conversation.identity import SOMEBODY
from bot.conversation.recurrence import Every, next_ms

State = Literal["waiting", "posting", "ended"]

End = Literal["", "delivered", "cancelled", "gone", "left", "refused"]
"""How a reminder ended. `gone`: its place is deleted. `left`: the person cannot read its place any more, or may
not use the bot there. `refused`: the bot could not post it within `GIVE_UP_MS`."""

MOST_CHARS = 500
MOST_AHEAD_DAYS = 5 * 366
MOST_PER_PERSON = 25
"""How many reminders of one person wait at the same time, in all places."""

LATE_MS = 5 * 60_000
"""A reminder that is posted later than this says when it was due."""

GIVE_UP_MS = 24 * 3_600_000
"""For how long a reminder is tried that the bot may not post."""

MARK = "⏰"
"""What the message of a reminder begins with."""

_RECURS = {
    "day": "every day",
    "weekday": "on weekdays",
    "week": "every week",
    "month": "every month",
    "year": "every year",
}


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder of one person; times in ms since 1970.

    `conversation`, `channel`, `server` and `is_private` are the place where the reminder was set and is posted.
    `first` is the local time at which it is due first in the time zone `zone`. `owner` is the instance that posts it,
    or that had begun to post it when it was cancelled. `since_ms` is when the state began. `problem` says why the
    latest post was refused, "" if none was.
    """

    id: int
    conversation: int
    channel: int | None
    server: int | None
    is_private: bool
    person: int
    text: str
    first: str
    zone: str
    every: Every
    due_ms: int
    created_ms: int
    since_ms: int
    state: State = "waiting"
    owner: str = ""
    problem: str = ""
    end: End = ""

    @property
    def code(self) -> str:
        """What people call the reminder."""
        return f"{self.id & 0xFFFFF:05x}"

    @property
    def has_ended(self) -> bool:
        """Whether the reminder is not due any more."""
        return self.state == "ended"

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has ended the reminder, and not its post."""
        return self.end == "cancelled"

    @property
    def may_still_appear(self) -> bool:
        """Whether the reminder was cancelled after its post had begun, which cannot be called back."""
        return self.is_cancelled and bool(self.owner)

    @property
    def nonce(self) -> str:
        """The nonce of the message that is due now; at most 25 characters."""
        return f"{self.id:x}-{self.due_ms // 1000:x}-r"

    def begun(self, owner: str, now_ms: int) -> Reminder | None:
        """Return the reminder as an instance posts it, None if it has ended."""
        return None if self.has_ended else replace(self, state="posting", owner=owner, since_ms=now_ms)

    def posted(self, now_ms: int) -> Reminder | None:
        """Return the reminder after its post: ended, or due again; what was missed meanwhile is skipped."""
        return None if self.state == "ended" else self._on(now_ms, "delivered")

    def refused(self, problem: str, now_ms: int) -> Reminder | None:
        """Return the reminder after a refusal of its post: due still, or after `GIVE_UP_MS` as after a post."""
        if self.has_ended:
            return None
        if now_ms - self.due_ms < GIVE_UP_MS:
            return replace(self, state="waiting", owner="", since_ms=now_ms, problem=problem)
        after = self._on(now_ms, "refused")
        return replace(after, problem=problem)

    def ended(self, end: End, now_ms: int) -> Reminder | None:
        """Return the reminder as it has ended, without its text; None if it has ended before."""
        if self.has_ended:
            return None
        # The owner stays, so that a repeated answer says the same as the first one.
        owner = self.owner if end == "cancelled" else ""
        return replace(self, state="ended", owner=owner, since_ms=now_ms, end=end, text="")

    def _on(self, now_ms: int, end: End) -> Reminder:
        again_ms = next_ms(self.first, self.zone, self.every, max(now_ms, self.due_ms))
        if again_ms is None:
            return replace(self, state="ended", owner="", since_ms=now_ms, end=end, text="", problem="")
        return replace(self, state="waiting", owner="", since_ms=now_ms, due_ms=again_ms, problem="")


def message(reminder: Reminder) -> str:
    """Write the message of a reminder that is being posted; the same for each try of the same instance."""
    notes = [f"Reminder `{reminder.code}`, set <t:{reminder.created_ms // 1000}:R>"]
    if reminder.since_ms - reminder.due_ms > LATE_MS:
        notes.append(f"late, because I could not post it: it was due <t:{reminder.due_ms // 1000}:f>")
    if reminder.every != "once":
        after_ms = max(reminder.since_ms, reminder.due_ms)
        again_ms = next_ms(reminder.first, reminder.zone, reminder.every, after_ms)
        again = "" if again_ms is None else f", next <t:{again_ms // 1000}:f>"
        notes.append(f"{_RECURS[reminder.every]}{again} (`/reminders cancel` ends it)")
    return f"{_said(reminder)}\n{wording.small(' · '.join(notes))}"


def is_message_of(content: str, reminder: Reminder) -> bool:
    """Whether a message is that of a reminder, as this or another instance has written it.

    The text may have lost a mention since: `/forget me` takes a person out of the reminders of others.
    """
    said, _, notes = content.partition("\n")
    return f"Reminder `{reminder.code}`" in notes and _holds(said.strip(), _said(reminder).strip())


def described(reminder: Reminder) -> str:
    """Describe a reminder for a list: its code, when it is due, its text, and its problem."""
    recurs = "" if reminder.every == "once" else f" ({_RECURS[reminder.every]}, {reminder.zone})"
    problem = f" – {reminder.problem}" if reminder.problem else ""
    return f"`{reminder.code}` <t:{reminder.due_ms // 1000}:f>{recurs}: {reminder.text}{problem}"


def _holds(said: str, text: str) -> bool:
    """Whether a message says the text, with anything in place of a mention that the text has lost."""
    first, *others = text.split(SOMEBODY)
    if not said.startswith(first):
        return False
    at = len(first)
    for part in others[:-1]:
        found = said.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return said.endswith(others[-1]) and len(said) - len(others[-1]) >= at if others else said == text


def _said(reminder: Reminder) -> str:
    return f"{MARK} <@{reminder.person}> {reminder.text}"
