"""Entries of the history as versions before content blocks wrote them, read as the same messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from bot.conversation.content import Text
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import PromptMessage, Usage
from bot.conversation.turn import Outcome, Preface, Turn
from bot.conversation.visible import is_blank


@dataclass(frozen=True, slots=True)
class _Front:
    summary: str = ""
    kept: tuple[TextTurn, ...] = ()


@dataclass(frozen=True, slots=True)
class TextTurn:
    """A turn that was stored as two texts; `seams` are the character offsets at which the reply was continued."""

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
    version: None = None
    members: tuple[int, ...] = ()
    seams: tuple[int, ...] = ()
    open_end: bool = False
    front: _Front | None = None
    asides: tuple[Usage, ...] = ()
    amended: int = 0
    cost: int | None = None
    asked_ms: int = 0

    def turn(self) -> Turn:
        """Return the turn with the messages that the entry stood for."""
        parts = _parts(self.reply, self.seams) if self.outcome == "answered" else ()
        turn = Turn(
            id=self.id,
            sent=_messages(self.user, parts) if self.user else (),
            outcome=self.outcome,
            model=self.model,
            user_tokens=self.user_tokens,
            reply_tokens=self.reply_tokens,
            usage=self.usage,
            window_start=self.cut,
            prefix_key=self.prefix_key,
            members=self.members,
            open_end=self.open_end,
            preface=Preface(self.front.summary, tuple(each.turn() for each in self.front.kept))
            if self.front
            else None,
            side_usage=self.asides,
            amended=self.amended,
            cost=self.cost,
            asked_ms=self.asked_ms,
        )
        if self.outcome == "answered" and not parts:
            return replace(turn, outcome="failed", reply_tokens=0, open_end=False)
        return turn


def _messages(user: str, parts: tuple[str, ...]) -> tuple[PromptMessage, ...]:
    messages = [PromptMessage.of("user", user)]
    for part in parts:
        messages += [PromptMessage("assistant", (Text(part),)), CONTINUE]
    return tuple(messages[: 2 * len(parts)] or messages)


def _parts(reply: str, seams: tuple[int, ...]) -> tuple[str, ...]:
    """Return the reply in the parts it was sent in, none if it is blank.

    An older version kept blank parts, which the API refuses: a blank part belongs to its neighbour.
    """
    if is_blank(reply):
        return ()
    starts = [0]
    for seam in seams:
        if not is_blank(reply[starts[-1] : seam]):
            starts.append(seam)
    while len(starts) > 1 and is_blank(reply[starts[-1] :]):
        starts.pop()
    return tuple(reply[start:end] for start, end in zip(starts, [*starts[1:], len(reply)], strict=True))


text_turns = TypeAdapter(TextTurn)
