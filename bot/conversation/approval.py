"""A call of a tool that waits until somebody allows it: its states, and the steps between them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

State = Literal["waiting", "running", "done", "failed", "refused", "expired", "withdrawn"]

ENDED: tuple[State, ...] = ("done", "failed", "refused", "expired", "withdrawn")

Withdrawal = Literal["off", "never", "reset", "forgotten", "unread"]
"""Why a call is not made that nobody has refused: the tool is off for the person by now, or the operator allows it
nowhere, the conversation was reset, the person who asked was forgotten, nobody can be shown the arguments."""

NOBODY = 0
"""The asker of a call whose asker was forgotten, and that is known only until its card is written."""

WAITS_S = 24 * 3600
"""How long a call waits; then it is not made."""

INTERRUPTED_AFTER_S = 90
"""Added to a tool's own limit of time: a call that runs for longer was interrupted."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A call by the `id` of its card's buttons; times in ms since 1970.

    `arguments` is the JSON object that Claude wrote. `conversation`, `channel`, `server` and `is_private` are the
    place, `asker` is the person who is answered by the turn `turn`, with their `roles`. `key` names the effect.
    `card` is the message with the buttons, None before it is posted. `by` is who decided, with a `reason`; the reason
    of a call that was withdrawn is a `Withdrawal`. `since_ms`
    is when the state began. `is_repeated`: a call before was interrupted, and nobody knows whether it took effect.
    `outcome` is what the tool brought, or why it failed. `settled` are names and values that the tool has settled at
    the time of the call. `stamp` names the latest change in the store. `shown` is the `face` that the card had last,
    "" where that is not known.
    """

    id: int
    tool: str
    arguments: str
    conversation: int
    channel: int | None
    server: int | None
    is_private: bool
    asker: int
    roles: tuple[int, ...]
    turn: int
    key: str
    created_ms: int
    since_ms: int
    state: State = "waiting"
    card: int | None = None
    by: int | None = None
    reason: str = ""
    is_repeated: bool = False
    outcome: str = ""
    settled: tuple[tuple[str, str], ...] = ()
    stamp: str = ""
    shown: str = ""

    @property
    def ends_ms(self) -> int:
        """When the call stops waiting."""
        return self.since_ms + WAITS_S * 1000

    @property
    def has_ended(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in ENDED

    @property
    def face(self) -> str:
        """What tells the card of the call as it is now from its earlier ones."""
        return f"{self.state} again" if self.is_repeated and not self.has_ended else self.state

    @property
    def is_shown(self) -> bool:
        """Whether nothing is known that the card does not say."""
        return self.card is None or self.shown in ("", self.face)

    @property
    def tells_words(self) -> bool:
        """Whether the card says what was said in the call."""
        return self.asker != NOBODY and (self.state, self.reason) != ("withdrawn", "forgotten")

    def with_card(self, card: int, shown: str) -> Approval:
        """Return the call with its card."""
        return replace(self, card=card, shown=shown)

    def allowed(self, by: int, now_ms: int) -> Approval | None:
        """Return the call as it runs, None if it does not wait any more."""
        if self.state != "waiting" or now_ms >= self.ends_ms:
            return None
        return replace(self, state="running", by=by, since_ms=now_ms)

    def begun(self, now_ms: int) -> Approval | None:
        """Return the call as its worker begins it, None if it does not run any more, or another has begun it."""
        return replace(self, since_ms=now_ms) if self.state == "running" else None

    def refused(self, by: int, reason: str, now_ms: int) -> Approval | None:
        """Return the call as it was refused, None if it does not wait any more."""
        if self.state != "waiting" or now_ms >= self.ends_ms:
            return None
        return replace(self, state="refused", by=by, reason=reason, since_ms=now_ms)

    def ended(self, state: Literal["done", "failed"], outcome: str, now_ms: int) -> Approval | None:
        """Return the call with its outcome, None if it does not run."""
        if self.state != "running":
            return None
        return replace(self, state=state, outcome=outcome, since_ms=now_ms)

    def expired(self, now_ms: int) -> Approval | None:
        """Return the call as it has expired, None if it has not."""
        if self.state != "waiting" or now_ms < self.ends_ms:
            return None
        return replace(self, state="expired", since_ms=now_ms)

    def withdrawn(self, why: Withdrawal, now_ms: int) -> Approval | None:
        """Return the call as it ends without being made, None if it has ended.

        One that runs while its asker is forgotten may take effect all the same.
        """
        if self.has_ended:
            return None
        is_repeated = self.is_repeated or (why == "forgotten" and self.state == "running")
        return replace(self, state="withdrawn", reason=why, is_repeated=is_repeated, since_ms=now_ms)

    def taken_back(self, now_ms: int) -> Approval | None:
        """Return the call as it ends where its question was deleted, None if it does not wait any more."""
        return replace(self, state="expired", since_ms=now_ms) if self.state == "waiting" else None

    def without_words(self) -> Approval | None:
        """Return a call that has ended without what was said in it, None if it has not ended, or has no words."""
        reason = "" if self.state == "refused" else self.reason
        bare = replace(self, arguments="{}", outcome="", settled=(), reason=reason)
        return bare if self.has_ended and bare != self else None

    def erased(self) -> Approval | None:
        """Return what is left of a call whose asker is forgotten: what its card needs, None if that says all."""
        ended = self.withdrawn("forgotten", self.since_ms) or self
        if ended.is_shown:
            return None
        return replace(ended.without_words() or ended, asker=NOBODY, roles=(), turn=0, key="")

    def interrupted(self, time_limit_s: float, *, repeats: bool, now_ms: int) -> Approval | None:
        """Return what becomes of a call whose worker is gone: one that `repeats` safely runs again, others wait
        again.

        None if it may be running still.
        """
        longest_ms = (time_limit_s + INTERRUPTED_AFTER_S) * 1000
        if self.state != "running" or now_ms < self.since_ms + longest_ms:
            return None
        if repeats:
            return replace(self, since_ms=now_ms)
        return replace(self, state="waiting", by=None, is_repeated=True, since_ms=now_ms)


def is_held_up(for_s: float) -> bool:
    """Whether a worker that has begun a call was held up for so long that others may take it for interrupted."""
    return for_s >= INTERRUPTED_AFTER_S


def ended_since(approvals: Sequence[Approval], since_ms: int) -> tuple[Approval, ...]:
    """Return the calls that have ended since a time, in order."""
    found = (each for each in approvals if each.has_ended and each.since_ms > since_ms)
    return tuple(sorted(found, key=lambda each: each.since_ms))
