"""A thread as one HTML page without any other resource: readable in light and dark, and on paper; pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bot.conversation.export import Export, ExportedMessage, iso, moment, size
from bot.conversation.export_markup import to_html as markup
from bot.conversation.export_style import STYLE
from bot.conversation.message import Embed, Poll
from bot.conversation.visible import plain

TOGETHER_MS = 7 * 60 * 1000
"""Messages of one author within this time stand together, without a line of their own."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing runs, whatever a message says."""


def to_html(export: Export) -> str:
    """Write an export as a page."""
    title = escape(plain(export.title))
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
    count = len(export.messages)
    counted = f"{count} message{'' if count == 1 else 's'}"
    place = f"{escape(plain(export.place))} · {counted} · exported {moment(export.made_ms)}"
    remarks = "".join(f'<p class="remark">{escape(remark)}</p>\n' for remark in export.remarks)
    header = f"<header>\n<h1>{title}</h1>\n<p>{place}</p>\n{remarks}</header>\n<main>\n"
    return "".join([head, header, *_messages(export), "</main>\n</body>\n</html>\n"])


def _messages(export: Export) -> Iterator[str]:
    known = {message.id: message for message in export.messages}
    before: ExportedMessage | None = None
    for message in export.messages:
        day = moment(message.at_ms)[:10]
        is_new_day = before is None or moment(before.at_ms)[:10] != day
        if is_new_day:
            yield f'<div class="day">{day}</div>\n'
        yield _message(message, known, alone=is_new_day or not _continues(before, message))
        before = message


def _continues(before: ExportedMessage | None, message: ExportedMessage) -> bool:
    return (
        before is not None
        and before.author == message.author
        and message.reply_to is None
        and message.at_ms - before.at_ms < TOGETHER_MS
    )


def _message(message: ExportedMessage, known: dict[int, ExportedMessage], *, alone: bool) -> str:
    parts = [f'<article id="m{message.id}" class="{"first" if alone else "more"}">']
    if alone:
        if message.reply_to is not None:
            parts.append(_reply(message.reply_to, known.get(message.reply_to)))
        author = message.author
        app = ' <span class="app">APP</span>' if message.by_app else ""
        time = f'<time class="when" datetime="{iso(message.at_ms)}">{moment(message.at_ms)}</time>'
        parts.append(
            f'<div><span class="who">{escape(plain(author.name))}</span>{app} '
            f'<span class="name">{escape(plain(author.username))}</span> {time}</div>'
        )
    if message.text:
        edited = "" if message.edited_ms is None else ' <span class="name">(edited)</span>'
        parts.append(f'<div class="text">{markup(message.text)}{edited}</div>')
    if message.forwarded:
        parts.append(
            f'<div class="name">Forwarded:</div><blockquote class="text">{markup(message.forwarded)}</blockquote>'
        )
    parts += map(_embed, message.embeds)
    if message.poll is not None:
        parts.append(_poll(message.poll))
    files = [*(f"Sticker: {plain(name)}" for name in message.stickers)]
    files += [f"File: {plain(each.filename)} · {size(each.size_bytes)}" for each in message.attachments]
    if files:
        parts.append(f'<ul class="files">{"".join(f"<li>{escape(each)}</li>" for each in files)}</ul>')
    return "\n".join([*parts, "</article>\n"])


def _reply(message: int, known: ExportedMessage | None) -> str:
    if known is None:
        return '<div class="reply">↪ in reply to a message that is not part of this page</div>'
    name = escape(plain(known.author.name))
    return f'<div class="reply">↪ <a href="#m{message}">in reply to {name}</a></div>'


def _embed(embed: Embed) -> str:
    parts = [f"<p>{escape(plain(embed.author))}</p>" if embed.author else ""]
    parts.append(f"<p><strong>{escape(plain(embed.title))}</strong></p>" if embed.title else "")
    parts.append(f"<p>{markup(embed.description)}</p>" if embed.description else "")
    parts += [
        f"<p><strong>{escape(plain(name))}</strong>\n{markup(value)}</p>" for name, value in embed.fields
    ]
    parts.append(f'<p class="name">{escape(plain(embed.footer))}</p>' if embed.footer else "")
    return f'<div class="embed">{"".join(parts)}</div>'


def _poll(poll: Poll) -> str:
    answers = "".join(
        f"<li>{escape(plain(answer))}{'' if votes is None else f' · {votes}'}</li>"
        for answer, votes in poll.answers
    )
    return f'<div class="embed"><p><strong>Poll: {escape(plain(poll.question))}</strong></p><ul>{answers}</ul></div>'
