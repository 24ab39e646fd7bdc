"""A thread as a file: what people see of it, as values, and the file's text as Markdown or JSON; pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.conversation.export_quoted import quotable
from bot.conversation.message import Attachment, Author, Embed, Poll, created_ms
from bot.conversation.visible import plain, readable

JSON_FORMAT = "bobbin-export"
JSON_VERSION = 1
"""Grows when a field changes its meaning or goes; further fields may come without that."""

FILE_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """A message as people see it.

    `by_app` is set if a bot or a webhook wrote it; `forwarded` is the text that it passes on.
    """

    id: int
    author: Author
    text: str = ""
    by_app: bool = False
    reply_to: int | None = None
    edited_ms: int | None = None
    attachments: tuple[Attachment, ...] = ()
    stickers: tuple[str, ...] = ()
    poll: Poll | None = None
    embeds: tuple[Embed, ...] = ()
    forwarded: str = ""

    @property
    def at_ms(self) -> int:
        """When it was written, in ms since 1970."""
        return created_ms(self.id)


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages of a thread, the earliest first; `is_whole` is unset if there are earlier ones."""

    messages: tuple[ExportedMessage, ...]
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """What a file holds; `remarks` say what it does not."""

    thread: int
    title: str
    place: str
    made_ms: int
    messages: tuple[ExportedMessage, ...]
    remarks: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The name of the file without its ending."""
        kept = "".join(char if char.isalnum() or char in "-_" else "-" for char in plain(self.title))
        return "-".join(filter(None, kept.split("-")))[:FILE_NAME_CHARS] or "thread"


def fitting(export: Export, render: Callable[[Export], str], most_bytes: int) -> bytes:
    """Return the file of an export; the oldest messages are left out as long as the file is too large."""
    data = render(export).encode()
    left_out = 0
    while len(data) > most_bytes and export.messages:
        kept = max(
            0, min(len(export.messages) - 1, int(len(export.messages) * 0.95 * most_bytes / len(data)))
        )
        left_out += len(export.messages) - kept
        remark = f"The {left_out} oldest messages are left out: the file would be larger than Discord allows."
        remarks = [each for each in export.remarks if not each.endswith("larger than Discord allows.")]
        export = replace(
            export, messages=export.messages[len(export.messages) - kept :], remarks=(*remarks, remark)
        )
        data = render(export).encode()
    return data


def moment(ms: int) -> str:
    """Return a time in UTC, to the minute."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(ms: int) -> str:
    """Return a time in UTC as in ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def size(size_bytes: int) -> str:
    """Return the size of a file in words."""
    return (
        f"{size_bytes / 1_000_000:.1f} MB"
        if size_bytes >= 1_000_000
        else f"{max(1, round(size_bytes / 1000))} kB"
    )


def to_json(export: Export) -> str:
    """Write an export as JSON; ids are texts, because numbers of JavaScript do not hold them."""
    made: dict[str, Any] = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "thread": {"id": str(export.thread), "title": export.title, "place": export.place},
        "exported_at": iso(export.made_ms),
        "remarks": list(export.remarks),
        "messages": [_fields(message) for message in export.messages],
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def to_markdown(export: Export) -> str:
    """Write an export as Markdown: what people wrote stands in quotes, so that nobody can forge an author's line."""
    lines = [f"# {_name(export.title)}", "", f"{_name(export.place)}. Exported {moment(export.made_ms)}."]
    for remark in export.remarks:
        lines += ["", f"*{remark}*"]
    authors = {message.id: message.author.name for message in export.messages}
    for message in export.messages:
        author, app = message.author, ", app" if message.by_app else ""
        who = f"**{_name(author.name)}** (`{_name(author.username)}`{app})"
        lines += ["", f"{who} · {moment(message.at_ms)}"]
        if message.reply_to is not None:
            lines.append(f"*in reply to {_name(authors.get(message.reply_to, 'an earlier message'))}*")
        lines += ["", *(f"> {line}".rstrip() for line in _body(message))]
    return "\n".join(lines) + "\n"


def _body(message: ExportedMessage) -> Sequence[str]:
    lines = _lines(message.text)
    if message.forwarded:
        lines += ["*Forwarded:*", *(f"> {line}" for line in _lines(message.forwarded))]
    for embed in message.embeds:
        parts = (
            embed.author,
            embed.title,
            embed.description,
            *(f"{name}: {value}" for name, value in embed.fields),
        )
        lines += [f"| {line}" for part in (*parts, embed.footer) if part for line in _lines(part)]
    if (poll := message.poll) is not None:
        lines += [f"Poll: {_name(poll.question)}"]
        lines += [
            f"- {_name(answer)}{'' if votes is None else f' ({votes})'}" for answer, votes in poll.answers
        ]
    lines += [f"[sticker: {_name(name)}]" for name in message.stickers]
    lines += [f"[file: {_name(each.filename)}, {size(each.size_bytes)}]" for each in message.attachments]
    return lines


def _lines(text: str) -> list[str]:
    return quotable(readable(text)).splitlines()


def _name(name: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|~" else char for char in plain(name))


def _fields(message: ExportedMessage) -> dict[str, Any]:
    author = message.author
    fields: dict[str, Any] = {
        "id": str(message.id),
        "at": iso(message.at_ms),
        "author": {
            "id": str(author.id),
            "name": author.name,
            "username": author.username,
            "app": message.by_app,
        },
        "text": message.text,
        "reply_to": None if message.reply_to is None else str(message.reply_to),
        "edited_at": None if message.edited_ms is None else iso(message.edited_ms),
        "attachments": [
            {"name": each.filename, "type": each.content_type, "size_bytes": each.size_bytes}
            for each in message.attachments
        ],
        "stickers": list(message.stickers),
        "forwarded": message.forwarded,
        "embeds": [
            {
                "author": embed.author,
                "title": embed.title,
                "url": embed.url,
                "description": embed.description,
                "fields": [{"name": name, "value": value} for name, value in embed.fields],
                "footer": embed.footer,
            }
            for embed in message.embeds
        ],
        "poll": None,
    }
    if (poll := message.poll) is not None:
        answers = [{"text": answer, "votes": votes} for answer, votes in poll.answers]
        fields["poll"] = {"question": poll.question, "answers": answers, "closed": poll.is_closed}
    return fields
