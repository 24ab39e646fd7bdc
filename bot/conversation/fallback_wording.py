"""What people are told where another model answers, and where none does."""

from __future__ import annotations

from bot.conversation.errors import BobbinError, ClaudeBusy, ClaudeUnreachable

_WHY = {
    "overloaded": "{first} is overloaded right now, so {model} has answered this.",
    "rate_limited": "My account may ask {first} no more right now, so {model} has answered this.",
    "refused": "{first} declined to answer this, so {model} has answered.",
    "withdrawn": "{first} is not available any more, so {model} has answered. /model set chooses another one.",
}

OUR_ACCOUNT = "My account at Claude may ask no more right now: the fault is mine, not Claude's."
OUR_NETWORK = "I get no connection at all, so the fault is likely in my own network."
LIKELY_INCIDENT = "Everything on my side works, so this is likely an incident at Claude."


def answered_by(first: str, model: str, why: str) -> str:
    """Say which model has answered, and why not the first one."""
    return _WHY[why].format(first=first, model=model)


def whose_fault(error: BobbinError, *, has_incident: bool | None = None, link: str = "") -> str | None:
    """Say whether a failure is likely ours or an incident at Claude; None for a failure that says so itself.

    `has_incident` is what the status page at `link` reports, None if it is not known.
    """
    if not isinstance(error, ClaudeBusy | ClaudeUnreachable):
        return None
    if isinstance(error, ClaudeBusy) and error.rate_limited:
        return OUR_ACCOUNT
    page = f" See [Claude's status page](<{link}>)." if link else ""
    if has_incident:
        return f"[Claude's status page](<{link}>) reports an incident."
    if isinstance(error, ClaudeUnreachable) and not error.sent:
        return OUR_NETWORK + page
    if has_incident is False:
        return f"[Claude's status page](<{link}>) reports no incident, so this may pass soon."
    return LIKELY_INCIDENT + page
