"""What people in a thread are told of an error that left their message without a reply."""

from __future__ import annotations

from bot.conversation.errors import (
    BobbinError,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeEndless,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
    ClaudeWrongAddress,
    ServerToolUsedUp,
)
from bot.conversation.reply_wording import TOO_MANY_LOOKUPS

BLOCKED = (
    "Anthropic's content filter blocked this answer. Your message is left out of what Claude remembers, "
    "so you can go on with something else, or put it differently."
)
_CLAUDE: tuple[tuple[type[BobbinError], str], ...] = (
    (ClaudeBlocked, BLOCKED),
    (
        ClaudeSpendLimit,
        "This bot's Claude account may spend no more for now, which only the bot's operator can change. Your message "
        "is kept: try again when that is done, with the button or /retry.",
    ),
    (
        ClaudeKeyRefused,
        "Claude does not accept this bot's key or account, which only the bot's operator can change. Your message is "
        "kept: try again when that is done, with the button or /retry.",
    ),
    (
        ClaudeWrongAddress,
        "This bot is not connected to Claude, which only the bot's operator can change. Your message is kept: "
        "try again when that is done, with the button or /retry.",
    ),
    (
        ClaudeEndless,
        "Claude's reply did not end, so I closed the connection. Your message is kept: try again, "
        "with the button or /retry.",
    ),
    (
        ClaudeTooLong,
        "This conversation is more than Claude can read at once. Send a shorter message, or start afresh "
        "with /reset.",
    ),
    (
        ClaudeRefusedRequest,
        "Claude could not read this message, so it is left out of what Claude remembers: put it differently. "
        "If it happens with every message, the bot's operator finds the reason in the log.",
    ),
    (
        ClaudeBusy,
        "Claude is overloaded right now. Your message is kept: try again later, with the button or /retry, "
        "or write on and I answer both.",
    ),
    (
        ClaudeUnreachable,
        "I could not reach Claude. Your message is kept: try again later, with the button or /retry, "
        "or write on and I answer both.",
    ),
)


def explain(error: BobbinError) -> str:
    """Say to the people in the thread why there is no reply, and what to do."""
    if isinstance(error, ClaudeModelUnknown):
        return _model_gone(error)
    if isinstance(error, ServerToolUsedUp):
        return TOO_MANY_LOOKUPS
    for kind, sentence in _CLAUDE:
        if isinstance(error, kind):
            return sentence
    return "Something went wrong on my side. Your message is kept: please write again in a minute."


def _model_gone(error: ClaudeModelUnknown) -> str:
    which = f"The model {error.model}" if error.model else "The model this bot is set to"
    instead = f"{error.successor} takes its place: choose it" if error.successor else "Choose another one"
    return (
        f"{which} is not available. {instead} here with /model set, or ask the bot's operator to change "
        "claude.model. Your message is kept."
    )
