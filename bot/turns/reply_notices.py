"""The conclusion of a reply, with notices about what Claude did not see."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import reply_wording
from bot.conversation.compose import Plan
from bot.conversation.errors import (
    BobbinError,
)
from bot.conversation.request import Finished
from bot.turns.conclusion import Conclusion, conclude


def concluded(text: str, end: Finished | BobbinError, *, before: str, still_too_long: bool) -> Conclusion:
    conclusion = conclude(text, end, before=before)
    if still_too_long and conclusion.outcome == "failed":
        return replace(conclusion, notices=(reply_wording.STILL_TOO_LONG,))
    return conclusion


def with_notices(
    conclusion: Conclusion, plan: Plan, summary: str | None, prepared: tuple[str, ...]
) -> Conclusion:
    """Add notices about the parts of the messages and the conversation that Claude did not see."""
    window, notices = plan.window, (*conclusion.notices, *prepared)
    if window.dropped:
        notices = (*notices, reply_wording.TRIMMED if summary is None else reply_wording.SUMMARIZED)
    if window.shortened:
        notices = (*notices, reply_wording.SHORTENED)
    return replace(conclusion, notices=notices)
