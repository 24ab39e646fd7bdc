"""Whether and when a failed request is sent again: pure, the randomness is an argument.

A refused request costs nothing and is repeated for as long as a person would wait. A request that was accepted and
then broke off may be paid for, so that the number of such requests is bounded, however long each has taken.
"""

from __future__ import annotations

from bot.conversation.errors import ClaudeBusy, ClaudeError, ClaudeUnreachable
from bot.retry import Schedule

# A first wait shorter than 1 s mostly meets the same overload again, and a person waits 1 s without noticing. A wait
# longer than 8 s would go on after most overloads have ended.
WAITS = Schedule(1.0, factor=2, longest_s=8.0, spread=0.5)
# The longest wait in all, failed attempts included: about a minute, so that a `retry-after` of 60 s fits. A longer
# `retry-after` is not waited for; values of hours have been observed.
PATIENCE_S = 65.0
# Added at most to the wait that the API asked for, so that refused clients do not return all at once.
RETRY_AFTER_JITTER_S = 1.0


def wait_s(
    error: ClaudeError, *, failed: int, lost: int, waited_s: float, tries: int, jitter: float
) -> float | None:
    """Return the wait before the next attempt in seconds, None for no further attempt.

    `failed` counts the attempts so far, `lost` those that may be paid for, of which `tries` are allowed. `waited_s`
    is the time since the first attempt without the lost ones, each of which may have taken longer than the longest
    wait (claude.first_text_timeout_s). `jitter` is random in [0, 1).
    """
    if lost >= tries or not isinstance(error, ClaudeBusy | ClaudeUnreachable):
        return None
    own_s = WAITS.pause_s(failed, jitter)
    requested_s = error.retry_after if isinstance(error, ClaudeBusy) else None
    if requested_s is not None:
        own_s = max(own_s, requested_s + jitter * RETRY_AFTER_JITTER_S)
    if (own_s if requested_s is None else requested_s) > PATIENCE_S - waited_s:
        return None
    return own_s
