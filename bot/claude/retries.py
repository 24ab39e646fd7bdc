"""Whether, and when, a request that failed is sent again: pure, the randomness is an argument."""

from __future__ import annotations

from bot.conversation.errors import ClaudeBusy, ClaudeError, ClaudeUnreachable

# The first wait. Shorter ones mostly meet the same overload again, and a person waits without noticing.
FIRST_WAIT_S = 1.0
# The longest wait of our own choosing: a thread that waits longer is better told that it failed.
LONGEST_WAIT_S = 8.0
# The longest wait that the API may ask for. Beyond it the person had better be told and try again later;
# the header has been seen to ask for hours.
LONGEST_RETRY_AFTER_S = 60.0
# What is added at most to a wait that the API asked for, so that all who were refused do not return at once.
RETRY_AFTER_JITTER_S = 1.0


def wait_s(error: ClaudeError, *, failed: int, tries: int, jitter: float) -> float | None:
    """The wait before the next try in seconds, or None where there shall be none.

    `failed` counts the tries so far, `tries` those allowed in all, `jitter` is random in [0, 1).
    """
    if failed >= tries or not isinstance(error, ClaudeBusy | ClaudeUnreachable):
        return None
    wish_s = error.retry_after if isinstance(error, ClaudeBusy) else None
    if wish_s is None:
        longest_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (failed - 1))
        return float(longest_s * (1 + jitter) / 2)
    if wish_s > LONGEST_RETRY_AFTER_S:
        return None
    return wish_s + jitter * RETRY_AFTER_JITTER_S
