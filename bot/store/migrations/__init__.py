"""The migrations, by number; `bot.store.schema` runs them.

A new one is a module `m<number>_<noun>.py` with a `MIGRATION`, and a line here. Each stays for as long as data of the
version before may be met.
"""

from bot.store.migrations import m0001_counters, m0002_content_blocks, m0003_thread_settings, m0004_tools
from bot.store.migrations.migration import Migration

MIGRATIONS: tuple[Migration, ...] = (
    m0001_counters.MIGRATION,
    m0002_content_blocks.MIGRATION,
    m0003_thread_settings.MIGRATION,
    m0004_tools.MIGRATION,
)

NEWEST = MIGRATIONS[-1].number
"""The version of the schema that this release writes."""

TOOLS = m0004_tools.MIGRATION.number
"""From this version on, tools are offered."""
