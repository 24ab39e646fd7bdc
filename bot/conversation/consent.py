"""What people are told where their consent is required (`privacy.require_consent`). Pure."""

from __future__ import annotations

LINE = (
    "I answer people who have agreed to what I keep of them. Press the button to read it; until you agree I keep "
    "nothing of what you write."
)
"""Below a person's first message in a server, where everybody can read it."""

NEEDED = (
    "Before I answer you, I need your consent: `/about` tells what I keep of you, with a button to agree."
)

AGREED = (
    "Thank you. I answer what you wrote within the last hour, if anything, and what you write from now on."
)

WITHDRAWN = (
    "You have withdrawn your consent: from now on I neither keep nor answer what you write. `/forget me` removes "
    "what I have kept until now."
)


def question(days: int, privacy_url: str | None) -> str:
    """Ask a person who alone reads it; `days` is the longest that a conversation is kept."""
    page = f" The privacy page of whoever runs me: {privacy_url}." if privacy_url else ""
    span = f"{days} day{'' if days == 1 else 's'}"
    return (
        "Before I answer you, please decide. What you write to me, with your name and your files, is kept by "
        f"whoever runs me, for {span} after the last message of a conversation at most, and sent to "
        f"Claude (Anthropic) to be answered. `/about` tells all of it.{page} You can withdraw your consent with "
        "`/about`, and have everything of you removed with `/forget me`. Do you agree? Until then I keep nothing of "
        "what you write."
    )


def standing(agreed_ms: int | None) -> str:
    """Say with /about whether a person has agreed."""
    if agreed_ms is None:
        return "I answer only people who agree to this: you have not agreed yet."
    return f"You agreed to this <t:{agreed_ms // 1000}:D>."
