"""The elements of a request: who wrote what, and what a message refers to, in a form that nobody can forge; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.conversation.content import Block, Text
from bot.conversation.message import Attachment, Embed, Message, Poll, Quote, Quoted, written_at
from bot.conversation.request import PromptMessage
from bot.conversation.title import TITLE_REQUEST
from bot.conversation.visible import is_blank, plain, readable, unforged

TAKEN_OUT = "it was taken out of the conversation"
"""The remark of a file that somebody has taken out."""

_UNREAD = Text("")
"""Stands for the content of a file that is not read yet."""

_IN_ATTRIBUTES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\uff02": "&quot;"})


def question(messages: Sequence[Message]) -> PromptMessage:
    """Return the user message of a turn: the messages as text, each followed by its files and its quotes.

    The request for a title follows the message that opens the thread.
    """
    blocks: list[Block] = []
    waiting: list[Message] = []
    for message in messages:
        waiting.append(message)
        if behind := [*_files(message.attachments), *_quotes(message), *_title_request(message)]:
            blocks += [Text(render_user(waiting)), *behind]
            waiting = []
    if waiting:
        blocks.append(Text(render_user(waiting)))
    return PromptMessage("user", tuple(blocks))


def render_user(messages: Sequence[Message]) -> str:
    """Render messages as one text, in order, each with its author; without files and quotes."""
    return "\n".join(_message(message) for message in messages)


def _message(message: Message) -> str:
    opening = f"<message {_author(message)}>"
    return "\n".join([opening, *_content(message), "</message>"])


def _quotes(message: Message) -> Iterator[Block]:
    for quote in message.quotes:
        yield Text(_quote(quote))
        for said in quote.messages:
            yield from _files(said.attachments)


def _title_request(message: Message) -> Iterator[Block]:
    if message.asks_title:
        yield TITLE_REQUEST


def _quote(quote: Quote) -> str:
    given = _given(title=quote.title, tags=", ".join(quote.tags), remark=quote.remark)
    lines = [f'<quote of="{quote.kind}"{given}>']
    return "\n".join([*lines, *map(_said, quote.messages), "</quote>"])


def _said(said: Quoted) -> str:
    return "\n".join([f"<said {_author(said)}>", *_content(said), "</said>"])


def render_said(said: Quoted) -> str:
    """Render one message for the result of a tool, without its files."""
    return _said(said)


def render_quote(quote: Quote) -> str:
    """Render messages for the result of a tool, without their files."""
    return _quote(quote)


def is_quoted_in(said: Quoted, text: str) -> bool:
    """Whether the text of a request quotes a message already, unchanged and with its files.

    The files of `said` are not read yet. A file with a remark is never read.
    """
    files = tuple(file if file.remark else replace(file, blocks=(_UNREAD,)) for file in said.attachments)
    return _said(replace(said, attachments=files)) in text


def _author(written: Message | Quoted) -> str:
    author = written.author
    named = {} if author is None else {"from": author.name, "username": author.username}
    values = {**named, **_origin(written), "at": written_at(written.id)}
    return " ".join(f'{name}="{attribute(value)}"' for name, value in values.items())


def _origin(written: Message | Quoted) -> dict[str, str]:
    if isinstance(written, Message):
        return {}
    by = {"you": "yes"} if written.own else {"app": "yes"} if written.by_app else {}
    return {**by, **({"forwards": "yes"} if written.forwards else {})}


def _content(written: Message | Quoted) -> Iterator[str]:
    if not is_blank(written.text):
        yield body(written.text)
    for name in written.stickers:
        yield f'<sticker name="{attribute(name)}"/>'
    if written.poll is not None:
        yield _poll(written.poll)
    for embed in written.embeds:
        yield _embed(embed)
    for attachment in written.attachments:
        yield _attachment(attachment)


def _poll(poll: Poll) -> str:
    lines = [
        f'<poll question="{attribute(poll.question)}"{_given(state="closed" if poll.is_closed else "")}>'
    ]
    for answer, votes in poll.answers:
        # The answer is an attribute, so that an answer such as "wool (99)" claims no votes.
        counted = "" if votes is None else f' votes="{votes}"'
        lines.append(f'<answer text="{attribute(answer)}"{counted}/>')
    return "\n".join([*lines, "</poll>"])


def _embed(embed: Embed) -> str:
    picture = "not shown to you" if embed.has_picture else ""
    lines = [f"<embed{_given(title=embed.title, author=embed.author, url=embed.url, picture=picture)}>"]
    lines += [body(embed.description)] if not is_blank(embed.description) else []
    lines += [f"{body(plain(name))}: {body(value)}" for name, value in embed.fields]
    lines += [body(plain(embed.footer))] if not is_blank(embed.footer) else []
    return "\n".join([*lines, "</embed>"])


def _attachment(attachment: Attachment) -> str:
    shown = "below" if attachment.blocks else "no"
    given = _given(type=attachment.content_type, shown=shown, remark=attachment.remark)
    return f'<attachment name="{attribute(attachment.filename)}"{given}/>'


def taken_out(filename: str) -> Text:
    """Return the text in place of the block of a file that was taken out of the conversation."""
    return Text(_attachment(Attachment(0, filename, "", 0, remark=TAKEN_OUT)))


def _files(attachments: Sequence[Attachment]) -> Iterator[Block]:
    return (block for attachment in attachments for block in attachment.blocks)


def file_element(filename: str, text: str) -> Text:
    """Render the text of a file as an element that the text cannot break out of."""
    return Text(f'<file name="{attribute(filename)}">\n{body(text)}\n</file>')


def transcript_element(filename: str, text: str, *, of: str, seconds: float | None) -> Text:
    """Render what was heard in a recording as an element that the text cannot break out of."""
    length = "" if seconds is None else str(max(1, round(seconds)))
    return Text(
        f'<transcript name="{attribute(filename)}"{_given(of=of, seconds=length)}>\n{body(text)}\n</transcript>'
    )


def _given(**attributes: str) -> str:
    return "".join(
        f' {name}="{attribute(value)}"' for name, value in attributes.items() if not is_blank(value)
    )


def attribute(text: str) -> str:
    """Render a text as the value of an attribute: on one line, without invisible characters, and escaped.

    The wide quotation mark is escaped like the plain one, and an element in look-alike brackets like any other.
    """
    return unforged(plain(text).translate(_IN_ATTRIBUTES))


def body(text: str) -> str:
    """Render a text as the content of an element."""
    # Characters that could disguise an element are removed before anything is escaped.
    return unforged(readable(text))
