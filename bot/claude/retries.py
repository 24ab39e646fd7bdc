"""Whether, and when, a request that failed is sent again: pure, the randomness is an argument.

What was refused costs nothing and is waited for as long as a person would wait. A try that was taken, and then broke
off, may be paid for, so the number of those is what counts, however long each has taken.
"""

from __future__ import annotations

from bot.conversation.errors import ClaudeBusy, ClaudeError, ClaudeUnreachable

# The first wait. Shorter ones mostly meet the same overload again, and a person waits without noticing.
FIRST_WAIT_S = 1.0
# The longest wait of our own choosing: who waits for an overload to end wants to be served soon after it has.
LONGEST_WAIT_S = 8.0
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
    # Bounded before it is raised to a power: 2 ** 2000 is no float.
    longest_s: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failed - 1, 10))
    own_s = longest_s * (1 + jitter) / 2
    wish_s = error.retry_after if isinstance(error, ClaudeBusy) else None
    if wish_s is not None:
        own_s = max(own_s, wish_s + jitter * RETRY_AFTER_JITTER_S)
    if (own_s if wish_s is None else wish_s) > PATIENCE_S - waited_s:
        return None
    return own_s
