"""Contents of files, quotes and uploads."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

FILES = (
    Contract(
        "{C}:f",
        "hash",
        "contents of files by message and attachment; quotes by message",
        "seconds",
        whose="a conversation",
        personal=("ids", "names", "words", "files"),
        exported="files",
        erased="contents",
    ),
    Contract(
        "{C}:u",
        "hash",
        "uploads, by the digest of the content: when each began, its id at Anthropic",
        "seconds",
        whose="a conversation",
    ),
    Contract(
        "{C}:b",
        "hash",
        "bytes of inline files, by the digest of the content",
        "conversation and a day",
        whose="a conversation",
        personal=("files",),
        exported="with its message",
        erased="by a sweep",
    ),
    Contract(
        "{C}:x",
        "set",
        "ids of uploads to delete at Anthropic",
        "seconds",
        whose="a conversation",
    ),
    Contract(
        "shared:<file>",
        "set",
        "conversations that hold the same upload",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "inline",
        "sorted set",
        "inline files and their sizes, by when they were last used (s)",
        "trimmed by time",
        whose="nobody",
    ),
    Contract(
        "sweeps",
        "sorted set",
        "conversations that may hold files to delete, by when to look (ms)",
        "until done",
        whose="nobody",
    ),
)
