"""A turn: what people wrote since the last reply, and the reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.conversation.request import Usage

Outcome = Literal["answered", "failed", "refused", "removed"]

UNSENT: tuple[Outcome, ...] = ("refused", "removed")
"""What Claude is not told of again."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of the history; `user` and `reply` are kept as they are sent, byte for byte.

    `id` is the id of its first message. An `answered` turn has a reply. A `failed` one has none, its user block
    goes in front of the next one. A `refused` one is not sent again (stop_reason `refusal`), nor is one whose
    messages were `removed`. `user_tokens` and `reply_tokens` are what its parts cost as history; `cut` is the start
    of the window it was asked with. `members` are the ids of its messages, in order; older entries lack them. At
    each of `seams`, counted in characters, the reply was cut and then continued; `open_end` if it is cut still.
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

    @property
    def tokens(self) -> int:
        """What the turn takes of the window."""
        return 0 if self.outcome in UNSENT else self.user_tokens + self.reply_tokens
