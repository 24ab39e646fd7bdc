"""The limit of web searches for a day and a server (in direct messages, for the conversation)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bot.conversation.server_tools import WEB_SEARCH
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.usage import total
from bot.store.claim import Claim
from bot.store.usage import Usage

Tools = tuple[ToolDefinition, ...]


@dataclass(frozen=True, slots=True)
class SearchLimit:
    """Leaves web search out of requests for the rest of a day (UTC) on which `per_day` were made; 0: no limit.

    Nothing can stop a search within a request: a day may go beyond its limit by the searches of what runs then.
    """

    usage: Usage
    per_day: int
    now_s: Callable[[], float]

    async def within(self, claim: Claim, tools: Tools) -> Tools:
        """Return the tools that may be used now."""
        if not self.per_day or not any(tool.name == WEB_SEARCH for tool in tools):
            return tools
        if await self.used(claim.payer.server or claim.conversation) < self.per_day:
            return tools
        return tuple(tool for tool in tools if tool.name != WEB_SEARCH)

    async def used(self, home: int) -> int:
        """Return how many searches were made today."""
        today = dt.datetime.fromtimestamp(self.now_s(), dt.UTC).date()
        return total(await self.usage.rows(home, today)).searches
