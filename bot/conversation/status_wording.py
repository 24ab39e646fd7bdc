"""The lines that stand below the text of a reply until there is more."""

from __future__ import annotations

from bot.conversation.wording import SMALL

THINKING = f"{SMALL}Thinking …"
BUSY = f"{SMALL}Claude is busy, trying again …"
ANOTHER_MODEL = f"{SMALL}Asking another model …"
REGENERATING = f"{SMALL}Writing this anew …"
SUMMARIZING = f"{SMALL}Summing up the oldest messages first …"
PHASES = {"thinking": THINKING, "redacted_thinking": THINKING}
"""The status line while the model writes a block that is no text, by the block's type, or the name of a tool."""
STATUS = (*PHASES.values(), BUSY, ANOTHER_MODEL, REGENERATING, SUMMARIZING)
"""Status lines: they stand below the text of a reply until there is more."""


def tool_status(doing: str) -> str:
    """Return the status line while a tool does something."""
    return f"{SMALL}{doing} …"


def queued(before: int) -> str:
    """Return the status line of a reply that waits until others have been asked for."""
    if not before:
        return f"{SMALL}Many people are asking: your reply is the next …"
    replies = "1 other reply comes" if before == 1 else f"{before} other replies come"
    return f"{SMALL}Many people are asking: {replies} before yours …"


def is_status(text: str) -> bool:
    """Whether a text is a status line."""
    return text in STATUS or (text.startswith(SMALL) and text.endswith(" …") and "\n" not in text)
