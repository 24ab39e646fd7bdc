"""The version of what is stored, and the migration under way."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

SCHEMA = (
    Contract(
        "{schema}:version",
        "string",
        "version of what is stored: the number of the latest migration",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "{schema}:lease",
        "string",
        "which instance migrates",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{schema}:step",
        "string",
        "how far a migration has come",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{schema}:left",
        "set",
        "names of the keys that a migration has yet to change",
        "until done",
        whose="nobody",
    ),
)
