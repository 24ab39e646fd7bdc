"""What becomes of a turn when the stream has ended, one way or another."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation import wording
from bot.conversation.errors import (
    BobbinError,
    ClaudeBlocked,
    ClaudeEndless,
    ClaudeRefusedRequest,
    ClaudeTooLong,
    CutShort,
    Stopped,
)
from bot.conversation.request import Finished
from bot.conversation.turn import Outcome
from bot.conversation.visible import is_blank


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is stored and shown: `reply` may be empty, then the notices are the answer.

    With an `open_end` the reply can be continued.
    """

    outcome: Outcome
    reply: str
    notices: tuple[str, ...] = ()
    open_end: bool = False


def conclude(text: str, end: Finished | BobbinError) -> Conclusion:
    """Decide by how the stream ended (Anthropic, "Handling stop reasons"); unknown reasons keep the text."""
    reply = "" if is_blank(text) else text.strip()
    if isinstance(end, ClaudeBlocked) or (isinstance(end, ClaudeRefusedRequest) and not reply):
        # What the API refuses for its content, it refuses again in front of every later message.
        return Conclusion("refused", "", (wording.explain(end),))
    if isinstance(end, BobbinError):
        if reply:
            notice = _BY_ORDER.get(type(end), wording.INTERRUPTED)
            return Conclusion("answered", reply, (notice,))
        notice = wording.STOPPED_EARLY if isinstance(end, Stopped) else wording.explain(end)
        return Conclusion("failed", "", (notice,))
    if end.stop_reason == "refusal":
        # The partial text is to be discarded, and the turn left out of what is sent from now on.
        return Conclusion("refused", "", (wording.REFUSED,))
    with_text, without_text = _BY_STOP_REASON.get(end.stop_reason, ((), wording.EMPTY_REPLY))
    if reply and end.stop_reason == "max_tokens":
        # What is continued joins exactly here, so a blank that it ends with is kept.
        return Conclusion("answered", text.lstrip(), with_text, open_end=True)
    return Conclusion("answered", reply, with_text) if reply else Conclusion("failed", "", (without_text,))


def go_on(before: str, text: str, end: Finished | BobbinError) -> Conclusion:
    """Decide about a reply that was to be continued: what came is put behind what was there `before`."""
    if isinstance(end, ClaudeBlocked) or (isinstance(end, Finished) and end.stop_reason == "refusal"):
        return Conclusion("answered", before, (wording.DECLINED_TO_GO_ON,), open_end=True)
    came = conclude(text, end)
    if not came.reply:
        notices = (wording.STOPPED,) if isinstance(end, Stopped) else came.notices
        return Conclusion("answered", before, notices, open_end=True)
    whole = before + (text if came.open_end else text.rstrip())
    return Conclusion("answered", whole, came.notices, open_end=came.open_end)


_BY_ORDER: dict[type[BobbinError], str] = {
    CutShort: wording.CUT_SHORT,
    Stopped: wording.STOPPED,
    ClaudeEndless: wording.ENDLESS,
}
"""What is said under a text that this bot has ended."""


_BY_STOP_REASON: dict[str, tuple[tuple[str, ...], str]] = {
    "max_tokens": ((wording.CUT_AT_MAX_TOKENS,), wording.THINKING_TOOK_ALL),
    "model_context_window_exceeded": ((wording.CONTEXT_FULL,), wording.explain(ClaudeTooLong())),
    # Only server tools pause a turn, and the bot asks for none; resending what came as it is, as one does with
    # tools, would end the request with an assistant message, which current models refuse.
    "pause_turn": ((wording.PAUSED,), wording.EMPTY_REPLY),
}
"""Notices under a text, and the answer where there is none."""
