"""What people have set, their prompts, and the log of administrative acts."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

SETTINGS = (
    Contract(
        "{S}:set:<id>",
        "hash",
        "settings of a server, a channel or a thread, each with who set it and when",
        "until removed",
        whose="a server",
        personal=("ids", "words"),
        exported="settings",
        erased="prompt",
    ),
    Contract(
        "scope:<id>",
        "hash",
        "prompt and model of a channel or a server, as the version before wrote them",
        "until removed",
        whose="a server",
        personal=("words",),
        erased="kept",
    ),
    Contract(
        "{S}:presets",
        "hash",
        "named prompts of a server, each with who saved it and when",
        "until removed",
        whose="a server",
        personal=("ids", "words"),
        exported="settings",
        erased="presets",
    ),
    Contract(
        "{S}:prompts:<id>",
        "stream",
        "earlier prompts of a server, a channel or a thread",
        "until removed",
        whose="a server",
        personal=("ids", "words"),
        exported="settings",
        erased="versions",
    ),
    Contract(
        "{S}:audit",
        "stream",
        "administrative acts: who, where, what, before, after",
        "audit.ttl_days",
        whose="a server",
        personal=("ids",),
        exported="acts",
        erased="kept",
    ),
    Contract(
        "{S}:audit:posted",
        "string",
        "up to which entry the audit log was posted; which instance posts on, since when",
        "audit.ttl_days",
        whose="nobody",
    ),
    Contract(
        "audits",
        "sorted set",
        "servers whose audit log has entries to post or to remove, by when to look (ms)",
        "until done",
        whose="a server",
    ),
)
