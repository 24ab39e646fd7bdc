"""Tools: the release before neither reads what they leave in a conversation nor counts what they use."""

from __future__ import annotations

from bot.store.migrations.migration import Migration

MIGRATION = Migration(number=4, title="what tools write", waits_for_older=True)
