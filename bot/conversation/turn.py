"""A turn: what people wrote since the last reply, and the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.conversation.message import created_ms
from bot.conversation.request import Usage
from bot.conversation.visible import is_blank

Outcome = Literal["answered", "failed", "refused", "removed"]

UNSENT: tuple[Outcome, ...] = ("refused", "removed")
"""What Claude is not told of again."""


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of the window since a trim: a summary of what went, and the pinned turns of it."""

    summary: str = ""
    kept: tuple[Turn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.summary or self.kept)


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of the history; `user` and `reply` are kept as they are sent, byte for byte.

    `id` is the id of its first message. An `answered` turn has a reply. A `failed` one has none, its user block
    goes in front of the next one. A `refused` one is not sent again (stop_reason `refusal`, or a request that the
    API does not accept), nor is one whose messages were `removed`. `user_tokens` and `reply_tokens` are what its
    parts cost as history; `cut` is the start of the window it was asked with. `members` are the ids of its
    messages, in order; older entries lack them. At each of `seams`, counted in characters, the reply was cut and
    then continued; `open_end` if it is cut still. `front` is what its trim has put in front of the window, where
    there was one: it counts until the next trim, which replaces it, and so is within the window as long. `asides`
    are the costs of requests that it made besides (a summary). `amended` is the id of the newest turn at the time
    when this one's text was changed or taken back, 0 if it never was: what was counted and cached until then held
    another text. `cost` is what all its requests cost in micro-dollars, None where nobody knows. `usage` is that of
    the request for the latest part of the reply, its output 0 if it broke off, and `asked_ms` when that was sent,
    in ms since 1970, 0 where nobody knows.
    """

    id: int
    user: str
    reply: str
    outcome: Outcome
    model: str
    user_tokens: int
    reply_tokens: int
    usage: Usage
    cut: int
    prefix_key: str
    members: tuple[int, ...] = ()
    seams: tuple[int, ...] = ()
    open_end: bool = False
    front: Front | None = None
    asides: tuple[Usage, ...] = ()
    amended: int = 0
    cost: int | None = None
    asked_ms: int = 0

    @property
    def requested_ms(self) -> int:
        """When its request was sent, in ms since 1970, as well as that is known."""
        return self.asked_ms or created_ms(self.id)

    @property
    def tokens(self) -> int:
        """What the turn takes of the window."""
        return 0 if self.outcome in UNSENT else self.user_tokens + self.reply_tokens

    @property
    def read(self) -> bool:
        """Whether its window counts: Claude has read it, or left a summary of what went."""
        return self.outcome != "failed" or bool(self.usage.input_total) or self.front is not None

    def holds(self, messages: frozenset[int]) -> bool:
        """Say whether one of these messages belongs to the turn."""
        return not messages.isdisjoint(self.members or (self.id,))


def sendable(turn: Turn) -> Turn:
    """Return the turn without blank parts of a reply, which an older version kept and the API refuses for ever.

    A seam in front of or behind a blank part goes, so that the part belongs to its neighbour; a reply that is blank
    as a whole counts as none.
    """
    if turn.front is not None:
        turn = replace(turn, front=replace(turn.front, kept=tuple(map(sendable, turn.front.kept))))
    if turn.outcome != "answered":
        return turn
    if is_blank(turn.reply):
        return replace(turn, outcome="failed", reply="", reply_tokens=0, seams=(), open_end=False)
    seams: list[int] = []
    for seam in turn.seams:
        if not is_blank(turn.reply[seams[-1] if seams else 0 : seam]):
            seams.append(seam)
    while seams and is_blank(turn.reply[seams[-1] :]):
        seams.pop()
    return turn if tuple(seams) == turn.seams else replace(turn, seams=tuple(seams))


def without_refused(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Mark as removed the failed turns whose messages were part of a request that was refused.

    Which of its messages a request was refused for is unknown; if that one stayed, every later request would be
    refused.
    """
    turns = list(history)
    refused = 0
    for at in range(len(turns) - 1, -1, -1):
        turn = turns[at]
        if turn.outcome == "refused":
            refused = max(refused, turn.id)
        elif turn.outcome == "answered":
            refused = 0
        elif turn.outcome == "failed" and refused:
            turns[at] = replace(turn, outcome="removed", amended=max(turn.amended, refused))
    return tuple(turns)
