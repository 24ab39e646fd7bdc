"""What a person is told about what was forgotten, or is found: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from bot.conversation.found import Found

_KINDS = {
    "messages": ("message", "messages"),
    "files": ("file", "files"),
    "quotes": ("quote of you in what others wrote", "quotes of you in what others wrote"),
    "mentions": ("mention of you by others", "mentions of you by others"),
    "replies": ("reply to you alone", "replies to you alone"),
    "summaries": ("summary that may have told of you", "summaries that may have told of you"),
    "prompts": ("prompt that you set", "prompts that you set"),
    "tool_calls": ("call of a tool that you asked for", "calls of tools that you asked for"),
    "facts": ("fact that you had remembered", "facts that you had remembered"),
    "reminders": ("reminder", "reminders"),
    "usage": ("row of usage under your name", "rows of usage under your name"),
}


def listed(found: Found) -> str:
    """Name what was found by kind, "" for nothing."""
    parts: list[str] = []
    for each in fields(Found):
        if each.name in _KINDS and (count := getattr(found, each.name)):
            one, many = _KINDS[each.name]
            parts.append(f"{count} {one if count == 1 else many}")
    return _sentence(parts)


def receipt(found: Found, code: str, *, again: bool = False) -> str:
    """Say that a person is forgotten; `again` if the store had gone back to before that."""
    removed = listed(found)
    what = f"Removed: {removed}." if removed else "There was nothing of you to remove."
    if found.unreadable:
        what += _left(found.unreadable)
    head = "**You are forgotten.**"
    if again:
        head += (
            " My database had gone back to an earlier state, which brought back what you had me forget: I have "
            "removed it once more."
        )
    return (
        f"{head} {what} Files go from Anthropic within a minute. What stands on Discord is still "
        f"there: I do not delete it.\nReceipt `{code}`: `/forget verify code:{code}` looks through everything again. "
        "What you write from now on is kept as before."
    )


def verified(found: Found, code: str) -> str:
    """Say what a further search has found of what was to be forgotten."""
    if found.unreadable and not listed(found):
        return (
            f"I looked through everything again: nothing that I can read is left from before your receipt `{code}`."
            f"{_left(found.unreadable)}"
        )
    if found:
        return (
            f"I looked through everything again and found {listed(found)} from before your receipt `{code}`. That "
            "should not be: use `/forget me` once more, and tell whoever runs me."
        )
    return f"I looked through everything again: nothing is left from before your receipt `{code}`."


def came_back(found: Found, code: str) -> str:
    """Say that what a receipt names is there again, and goes again."""
    return (
        f"I looked through everything again and found {listed(found)} from before your receipt `{code}`: my database "
        "went back to an earlier state. I am forgetting you once more, and tell you in a direct message when it is "
        "done."
    )


def _left(count: int) -> str:
    """Say that entries stay which another version wrote."""
    what = "1 entry was" if count == 1 else f"{count} entries were"
    return (
        f" {what} written by another version of me, so that I cannot read them and take you out. They may hold "
        "something of you, and go with their conversations: whoever runs me can start that version, or reset those."
    )


def _sentence(parts: Sequence[str]) -> str:
    *others, last = parts or ("",)
    return f"{', '.join(others)} and {last}" if others else last
