"""The conclusion of a stream: what is stored and shown, by how the stream ended."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation import budget_wording, error_wording, reply_wording
from bot.conversation.errors import (
    BobbinError,
    BudgetReached,
    ClaudeBlocked,
    ClaudeEndless,
    ClaudeRefusedRequest,
    ClaudeTooLong,
    CutShort,
    ServerToolUsedUp,
    Stopped,
)
from bot.conversation.request import Finished
from bot.conversation.turn import Outcome
from bot.conversation.visible import is_blank


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is stored and shown. Without a `reply` the notices are the answer; with an `open_end` the reply can be
    continued. `declined`: Claude, or the filter of its output, declined what was asked.
    """

    outcome: Outcome
    reply: str
    notices: tuple[str, ...] = ()
    open_end: bool = False
    declined: bool = False


def conclude(text: str, end: Finished | BobbinError, before: str = "") -> Conclusion:
    """Conclude by how the stream ended (Anthropic, "Handling stop reasons"); unknown stop reasons keep the text.

    If the reply was continued, `before` is the text that it had; nothing that follows discards that text.
    """
    if not before:
        return _concluded(text, end)
    if isinstance(end, ClaudeBlocked) or (isinstance(end, Finished) and end.stop_reason == "refusal"):
        return Conclusion(
            "answered", before, (reply_wording.DECLINED_TO_GO_ON,), open_end=True, declined=True
        )
    added = _concluded(text, end)
    if not added.reply:
        notices = (reply_wording.STOPPED,) if isinstance(end, Stopped) else added.notices
        return Conclusion("answered", before, notices, open_end=True)
    whole = before + (text if added.open_end else text.rstrip())
    return Conclusion("answered", whole, added.notices, open_end=added.open_end)


def _concluded(text: str, end: Finished | BobbinError) -> Conclusion:
    reply = "" if is_blank(text) else text.strip()
    if isinstance(end, ClaudeBlocked) or (isinstance(end, ClaudeRefusedRequest) and not reply):
        # A message that the API refuses for its content would be refused again in every later request.
        declined = isinstance(end, ClaudeBlocked)
        return Conclusion("refused", "", (error_wording.explain(end),), declined=declined)
    if isinstance(end, BobbinError):
        if reply and isinstance(end, BudgetReached):
            return Conclusion("answered", text.lstrip(), (budget_wording.cut(end),), open_end=True)
        if reply:
            notice = _INTERRUPTS.get(type(end), reply_wording.INTERRUPTED)
            return Conclusion("answered", reply, (notice,))
        notice = reply_wording.STOPPED_EARLY if isinstance(end, Stopped) else error_wording.explain(end)
        return Conclusion("failed", "", (notice,))
    if end.stop_reason == "refusal":
        # The partial text is discarded, and the turn is no part of later requests.
        return Conclusion("refused", "", (reply_wording.REFUSED,), declined=True)
    with_text, without_text = _BY_STOP_REASON.get(end.stop_reason, ((), reply_wording.EMPTY_REPLY))
    if reply and end.stop_reason in _OPEN_ENDS:
        # The continuation joins exactly here, so that a trailing blank is kept.
        return Conclusion("answered", text.lstrip(), with_text, open_end=True)
    return Conclusion("answered", reply, with_text) if reply else Conclusion("failed", "", (without_text,))


_INTERRUPTS: dict[type[BobbinError], str] = {
    CutShort: reply_wording.CUT_SHORT,
    Stopped: reply_wording.STOPPED,
    ClaudeEndless: reply_wording.ENDLESS,
    ServerToolUsedUp: reply_wording.TOO_MANY_LOOKUPS,
}
"""The notices below a text that the bot itself has ended."""


_BY_STOP_REASON: dict[str, tuple[tuple[str, ...], str]] = {
    "max_tokens": ((reply_wording.CUT_AT_MAX_TOKENS,), reply_wording.THINKING_TOOK_ALL),
    "model_context_window_exceeded": ((reply_wording.CONTEXT_FULL,), error_wording.explain(ClaudeTooLong())),
    # The calls of tools are answered; these were too many.
    "tool_use": ((reply_wording.TOO_MANY_STEPS,), reply_wording.TOO_MANY_STEPS),
    # A paused reply continues by itself; this reply has paused too often.
    "pause_turn": ((reply_wording.PAUSED,), reply_wording.EMPTY_REPLY),
}
"""The notices below a text, and the answer without a text."""

_OPEN_ENDS = ("max_tokens", "pause_turn")
"""The stop reasons after which the reply can be continued."""
