"""Whether, and when, a request that failed is sent again: pure, the randomness is an argument.

What was refused costs nothing and is waited for as long as a person would wait. A try that was taken, and then broke
off, may be paid for, so the number of those is what counts, however long each has taken.
"""

from __future__ import annotations

from bot.conversation.errors import ClaudeBusy, ClaudeError, ClaudeUnreachable
from bot.retry import Schedule

# A first wait shorter than 1 s mostly meets the same overload again, and a person waits 1 s without noticing. A wait
# longer than 8 s would go on after most overloads have ended.
WAITS = Schedule(1.0, factor=2, longest_s=8.0, spread=0.5)
# So long is waited in all, the failed tries included: about a minute, and a `retry-after` of 60 fits. A wish of the
# API that leads beyond it is not waited for; the header has been seen to ask for hours.
PATIENCE_S = 65.0
# What is added at most to a wait that the API asked for, so that all who were refused do not return at once.
RETRY_AFTER_JITTER_S = 1.0


def wait_s(
    error: ClaudeError, *, failed: int, lost: int, waited_s: float, tries: int, jitter: float
) -> float | None:
    """The wait before the next try in seconds, or None where there shall be none.

    `failed` counts the tries so far, `lost` those of them that may be paid for, of which `tries` are allowed in all.
    `waited_s` is how long it took so far, without the time of those that were lost: each of them may have taken
    longer than that by itself (claude.first_text_timeout_s). `jitter` is random in [0, 1).
    """
    if lost >= tries or not isinstance(error, ClaudeBusy | ClaudeUnreachable):
        return None
    own_s = WAITS.pause_s(failed, jitter)
    wish_s = error.retry_after if isinstance(error, ClaudeBusy) else None
    if wish_s is not None:
        own_s = max(own_s, wish_s + jitter * RETRY_AFTER_JITTER_S)
    if (own_s if wish_s is None else wish_s) > PATIENCE_S - waited_s:
        return None
    return own_s
