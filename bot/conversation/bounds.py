"""Bounds on what a message quotes or embeds, so that one post of another app cannot fill the window; pure."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.message import Embed, Poll

QUOTED_CHARS = 2_000
"""As long as a message may be (Discord, "Create Message"); subscribers of Nitro write up to 4,000 characters."""

FORWARDED_CHARS = 4_000
"""A forward is what its sender asks about, so the text of a forward stays whole."""

EMBED_CHARS = 2_000
EMBED_TITLE_CHARS = 256
EMBEDS_MAX = 5
FIELDS_MAX = 10
POLL_ANSWERS_MAX = 10
POLL_QUESTION_CHARS = 300
POLL_ANSWER_CHARS = 100
"""The longest answer (55 characters) with its emoji (Discord, resources/poll)."""

NAME_CHARS = 100
FILENAME_CHARS = 80
"""Escaped, a name takes up to six times as much, and the title of a document at most 500 (Anthropic, "Messages")."""

SHORTENED = " [… shortened]"


def shortened(text: str, chars: int) -> str:
    """Return a text of about so many characters, with a visible mark where it was cut."""
    return text if len(text) <= chars else text[: max(0, chars - len(SHORTENED))] + SHORTENED


def shortened_filename(filename: str) -> str:
    """Return the name of a file with the middle left out where it is too long, so that its ending stays."""
    if len(filename) <= FILENAME_CHARS:
        return filename
    return f"{filename[: FILENAME_CHARS - 20]}…{filename[-19:]}"


def bounded_poll(poll: Poll) -> Poll:
    """Return the poll with its answers and texts bounded."""
    answers = tuple(
        (shortened(answer, POLL_ANSWER_CHARS), votes) for answer, votes in poll.answers[:POLL_ANSWERS_MAX]
    )
    return replace(poll, question=shortened(poll.question, POLL_QUESTION_CHARS), answers=answers)


def bounded_embeds(embeds: tuple[Embed, ...]) -> tuple[Embed, ...]:
    """Return the first embeds, each bounded, and a remark in place of the others."""
    left_out = len(embeds) - EMBEDS_MAX
    rest = (Embed(description=f"[… {left_out} more embeds]"),) if left_out > 0 else ()
    return (*map(_bounded_embed, embeds[:EMBEDS_MAX]), *rest)


def _bounded_embed(embed: Embed) -> Embed:
    left = EMBED_CHARS

    def take(text: str, chars: int = EMBED_CHARS) -> str:
        nonlocal left
        taken = shortened(text, min(chars, left))
        left = max(0, left - len(taken))
        return taken

    title, author = take(embed.title, EMBED_TITLE_CHARS), take(embed.author, EMBED_TITLE_CHARS)
    description = take(embed.description)
    fields: list[tuple[str, str]] = []
    for name, value in embed.fields[:FIELDS_MAX]:
        if not left:
            break
        fields.append((take(name, EMBED_TITLE_CHARS), take(value)))
    if left_out := len(embed.fields) - len(fields):
        fields.append(("…", f"[{left_out} more fields]"))
    return replace(
        embed,
        title=title,
        description=description,
        fields=tuple(fields),
        author=author,
        footer=take(embed.footer, EMBED_TITLE_CHARS),
        url=shortened(embed.url, QUOTED_CHARS),
    )
