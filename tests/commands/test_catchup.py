"""What /catchup says where Claude gives no answer: what the matter is, and what to do."""

from __future__ import annotations

import pytest

from bot.commands import catchup
from bot.conversation.errors import (
    BobbinError,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeModelUnknown,
    ClaudeUnreachable,
)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ClaudeBusy("529"), catchup.BUSY),
        (ClaudeBusy("429", rate_limited=True), catchup.LIMITED),
        (ClaudeBlocked("400"), catchup.DECLINED),
        (ClaudeModelUnknown("404"), catchup.MODEL_GONE),
        (ClaudeUnreachable("no answer in time"), catchup.FAILED),
    ],
)
def test_a_failure_is_said_for_what_it_is(error: BobbinError, told: str) -> None:
    assert catchup._unanswered(error) == told
