"""Calls of tools, and what tools keep: reminders, facts, pinned definitions."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

TOOLS = (
    Contract(
        "{C}:a",
        "hash",
        "calls and results of the running turn's tools, and which effects have begun; the turn's end deletes them",
        "seconds",
        whose="a conversation",
        personal=("ids", "names", "words", "files"),
        exported="with its message",
        erased="with the turn",
    ),
    Contract(
        "{C}:p",
        "hash",
        "calls of tools that wait for a permission: arguments, who asked, who decided, the outcome",
        "seconds",
        whose="a conversation",
        personal=("ids", "words"),
        exported="as stored",
        erased="approvals",
    ),
    Contract(
        "approvals",
        "sorted set",
        "conversations with calls that wait for a permission, by when to look (ms)",
        "until done",
        whose="nobody",
    ),
    Contract(
        "{C}:m",
        "hash",
        "reminders that were set in the conversation: text, person, when due; ended ones without text, for a day",
        "until done",
        whose="a person",
        personal=("ids", "words"),
        exported="reminders",
        erased="reminders",
    ),
    Contract(
        "{P}:reminders",
        "hash",
        "in which conversation each reminder of a person was set",
        "until done",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "reminders",
        "sorted set",
        "conversations with reminders, by when to look (ms)",
        "until done",
        whose="nobody",
    ),
    Contract(
        "{S}:memory:<id>",
        "hash",
        "facts of a place (0: the public channels of a server), each with who told it, where and when",
        "conversation",
        whose="a server",
        personal=("ids", "names", "words"),
        exported="facts",
        erased="memories",
    ),
    Contract(
        "memories",
        "sorted set",
        "places with facts, by when these were last used (ms)",
        "trimmed by time",
        whose="nobody",
    ),
    Contract(
        "pins",
        "hash",
        "definitions of tools of MCP servers that were switched on somewhere, by digest",
        "for ever",
        whose="nobody",
    ),
)
