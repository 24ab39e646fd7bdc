"""What becomes of a turn when the stream has ended, one way or another."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation import wording
from bot.conversation.errors import BobbinError, ClaudeTooLong, CutShort
from bot.conversation.request import Finished
from bot.conversation.turn import Outcome


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is stored and shown: `reply` may be empty, then the notices are the answer."""

    outcome: Outcome
    reply: str
    notices: tuple[str, ...] = ()


def conclude(text: str, end: Finished | BobbinError) -> Conclusion:
    """Decide by how the stream ended (Anthropic, "Handling stop reasons"); unknown reasons keep the text."""
    reply = text.strip()
    if isinstance(end, BobbinError):
        if reply:
            notice = wording.CUT_SHORT if isinstance(end, CutShort) else wording.INTERRUPTED
            return Conclusion("answered", reply, (notice,))
        return Conclusion("failed", "", (wording.explain(end),))
    if end.stop_reason == "refusal":
        # The partial text is to be discarded, and the turn left out of what is sent from now on.
        return Conclusion("refused", "", (wording.REFUSED,))
    with_text, without_text = _BY_STOP_REASON.get(end.stop_reason, ((), wording.EMPTY_REPLY))
    return Conclusion("answered", reply, with_text) if reply else Conclusion("failed", "", (without_text,))


_BY_STOP_REASON: dict[str, tuple[tuple[str, ...], str]] = {
    "max_tokens": ((wording.CUT_AT_MAX_TOKENS,), wording.THINKING_TOOK_ALL),
    "model_context_window_exceeded": ((wording.CONTEXT_FULL,), wording.explain(ClaudeTooLong())),
    # Only server tools pause a turn, and the bot asks for none; resending what came as it is, as one does with
    # tools, would end the request with an assistant message, which current models refuse.
    "pause_turn": ((wording.PAUSED,), wording.EMPTY_REPLY),
}
"""Notices under a text, and the answer where there is none."""
