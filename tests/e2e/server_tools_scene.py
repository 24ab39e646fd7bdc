"""Tools that run at Anthropic."""

from __future__ import annotations

ON = {"BOT_TOOLS__ON": "web_search, web_fetch, code_execution"}

SHORT = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.5"}
