"""Whose fault a turn without a reply likely is, by the page of incidents at Claude."""

from __future__ import annotations

from dataclasses import replace

from bot.claude.status_page import StatusPage
from bot.conversation import fallback_wording
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeUnreachable,
)
from bot.turns.generated import Generated


async def explained(found: Generated, page: StatusPage | None) -> Generated:
    """Add to a turn without a reply whether that is likely our fault, or an incident at Claude."""
    conclusion, end = found.conclusion, found.end
    if conclusion.outcome != "failed" or not isinstance(end, ClaudeBusy | ClaudeUnreachable):
        return found
    has_incident = None if page is None else await page.has_incident()
    link = "" if page is None else page.link
    line = fallback_wording.whose_fault(end, has_incident=has_incident, link=link)
    notices = conclusion.notices if line is None else (*conclusion.notices, line)
    return replace(found, conclusion=replace(conclusion, notices=notices))
