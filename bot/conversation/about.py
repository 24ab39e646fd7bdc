"""What /about tells: what is kept, where and for how long, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UPLOAD_DAYS = 90
"""The longest that an upload lives at Anthropic (Anthropic, "Files API")."""


MOST_NAMES_CHARS = 100
"""The most characters of the names of tools, so that the answer fits into one message."""


IDS_OF_TOOLS = ", unless a tool looks somebody up"
SENT_BY_TOOLS = (
    " What tools are asked goes where they run: here, Anthropic (and its search provider), or servers of "
    "their own."
)


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """What the operator's settings say about people's data.

    `voice_host` writes recordings down; None: nobody does.
    """

    privacy_url: str | None = None
    is_encrypted: bool = False
    voice_host: str | None = None
    audit_days: int = 0
    usage_days: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of what is kept. `keys` are the data contracts behind the row, by the names of their keys."""

    what: str
    how_long: str
    keys: tuple[str, ...]


KEPT = (
    Kept(
        "messages in my conversations with files, quotes and names, and my replies",
        "{conversation} after the last message",
        ("{C}:t:<message>", "{C}:h", "{C}:r:<message>", "{C}:meta", "{C}:b"),
    ),
    Kept("facts that people had remembered", "{conversation} after their latest use", ("{S}:memory:<id>",)),
    Kept("copies of files and quotes", "a day", ("{C}:f", "{C}:a", "{C}:n:<message>")),
    Kept("calls of tools that wait", "three days", ("{C}:p",)),
    Kept(
        "settings, prompts and presets, and who made them",
        "until they are removed",
        ("{S}:set:<id>", "{S}:presets", "{S}:prompts:<id>", "scope:<id>"),
    ),
    Kept(
        "your reminders",
        "until posted or cancelled; their ids a day longer",
        ("{C}:m", "{P}:reminders"),
    ),
    Kept("who changed which setting", "{audit}", ("{S}:audit",)),
    Kept("how much was used, by id", "{usage}", ("{C}:use:<day>",)),
    Kept("ids of messages that I answered or left alone", "a week", ("{C}:d",)),
    Kept(
        "counts for limits, by id",
        "while the limit counts, a month or little more at most",
        (
            "{S}:threads:<person>",
            "{S}:abuse:<person>",
            "{P}:places",
            "{budgets}:c:<counter>",
            "{budgets}:r:<turn>",
            "{budgets}:open",
        ),
    ),
    Kept("that you branched off a conversation", "a day", ("{P}:branches", "branching")),
    Kept(
        "that you were forgotten, and your receipt",
        "30 days",
        ("{P}:forget", "{P}:forget:left", "forgetting", "forgotten"),
    ),
    Kept(
        "that you agreed, where that is asked for",
        "until you withdraw it",
        ("{P}:consent", "{P}:consent:asked", "{P}:consent:waits"),
    ),
)
"""Every contract whose key may tell of a person stands in a row; a test compares them."""


def about(
    facts: OperatorFacts,
    *,
    model: str,
    retention_days: int,
    servers_own: bool,
    version: str,
    tools: Sequence[str] = (),
) -> str:
    """Compose the answer; `tools` are the names of those that Claude may call in this place."""
    spans = {
        "conversation": _days(retention_days),
        "audit": _days(facts.audit_days),
        "usage": _days(facts.usage_days),
    }
    encrypted = "written encrypted" if facts.is_encrypted else "not encrypted"
    lines = [
        f"I am Bobbin {version}, a bot that lets people talk with Claude. **{model}** by Anthropic answers here. "
        f"{_tools(tools)}",
        "",
        f"**What I keep**, in a Redis of whoever runs me (texts, names and files are {encrypted}):",
        *(f"- {row.what}: {row.how_long.format(**spans)}" for row in KEPT),
    ]
    if servers_own:
        lines.append("How long conversations are kept was chosen with `/privacy set`.")
    sent = (
        "**What I send on.** Messages of my conversations, with names and files, go to Anthropic; "
        f"uploads are deleted there with their conversation, after {UPLOAD_DAYS} days at most. Ids go there only "
        f"as keyed hashes{IDS_OF_TOOLS if tools else ''}."
    )
    if facts.voice_host:
        sent += f" Recordings go to {facts.voice_host}, which writes them down."
    if tools:
        sent += SENT_BY_TOOLS
    lines += [
        "",
        sent,
        "",
        "**What you can do.** `/my data` shows what I keep of you, `/forget me` removes it, `/reset` clears a "
        "conversation, and what you delete on Discord I delete too.",
        f"**Privacy page** of whoever runs me: {facts.privacy_url}"
        if facts.privacy_url
        else "Whoever runs me has named no privacy page: ask them what else applies.",
    ]
    return "\n".join(lines)


def _tools(names: Sequence[str]) -> str:
    if not names:
        return "It gets no tools: it can neither search nor run anything."
    room = MOST_NAMES_CHARS
    shown: list[str] = []
    for name in names:
        room -= len(name)
        if shown and room < 0:
            break
        shown.append(f"`{name}`")
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"Its tools here: {', '.join(shown)}{more}; `/tools show` tells what each does."


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
