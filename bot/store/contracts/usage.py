"""What was used, by day, place, person and model."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

USAGE = (
    Contract(
        "{C}:use:<day>",
        "hash",
        "messages, requests, tokens and costs of a conversation's day, by person and model",
        "usage.ttl_days",
        whose="a server",
        personal=("ids",),
        exported="usage",
        erased="usage",
    ),
    Contract(
        "{S}:uses",
        "sorted set",
        "conversations and days with usage, by day",
        "usage.ttl_days",
        whose="a server",
    ),
    Contract(
        "{C}:aside:<interaction>",
        "string",
        "mark that the usage of a private answer is recorded",
        "seconds",
        whose="nobody",
    ),
)
