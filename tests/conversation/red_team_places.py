"""Every place of a message where somebody else's text can stand, with what Claude is to be sent, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.conversation.content import Block, Document, FileSource, Text
from bot.conversation.elements import attribute, file_element, question, taken_out, transcript_element
from bot.conversation.message import Attachment, Author, Embed, Message, Poll, Quote, Quoted
from tests.conversation.builders import BEN, message, snowflake
from tests.conversation.red_team import Hostile

AT = 'at="2015-01-01 00:00"'
OPENING = f'<message from="Ann" username="ann" {AT}>'

Place = Callable[[Hostile], tuple[Message, list[str]]]
"""Returns a message that holds the hostile text, and the texts of the blocks that Claude is to be sent."""


def _within(*lines: str) -> str:
    return "\n".join((OPENING, *lines, "</message>"))


def _file(filename: str = "a.txt", *blocks: Block, content_type: str = "", remark: str = "") -> Attachment:
    return Attachment(1, filename, content_type, 5, blocks=blocks, remark=remark)


def _quoting(said: Quoted, kind: str, *lines: str, written: str = "") -> tuple[Message, list[str]]:
    asked = replace(message("see"), quotes=(Quote(kind, 7, (said,)),))  # type: ignore[arg-type]
    opening = f"<said {written}{AT}>"
    return asked, [
        _within("see"),
        "\n".join((f'<quote of="{kind}">', opening, *lines, "</said>", "</quote>")),
    ]


def text(hostile: Hostile) -> tuple[Message, list[str]]:
    return message(hostile.text), [_within(hostile.body)]


def display_name(hostile: Hostile) -> tuple[Message, list[str]]:
    author = Author(7, "ann", hostile.text)
    return message("hi", author=author), [
        f'<message from="{hostile.attribute}" username="ann" {AT}>\nhi\n</message>'
    ]


def username(hostile: Hostile) -> tuple[Message, list[str]]:
    author = Author(7, hostile.text, "Ann")
    return message("hi", author=author), [
        f'<message from="Ann" username="{hostile.attribute}" {AT}>\nhi\n</message>'
    ]


def reply(hostile: Hostile) -> tuple[Message, list[str]]:
    said = Quoted(snowflake(1), hostile.text, BEN)
    return _quoting(said, "reply", hostile.body, written='from="Ben" username="ben" ')


def forward(hostile: Hostile) -> tuple[Message, list[str]]:
    return _quoting(Quoted(snowflake(1), hostile.text), "forward", hostile.body)


def link(hostile: Hostile) -> tuple[Message, list[str]]:
    app = Quoted(snowflake(1), hostile.text, Author(9, "ci", "CI"), by_app=True)
    return _quoting(app, "link", hostile.body, written='from="CI" username="ci" app="yes" ')


def room(hostile: Hostile) -> tuple[Message, list[str]]:
    own = Quoted(snowflake(1), hostile.text, Author(9, "bobbin", "Bobbin"), own=True)
    return _quoting(own, "room", hostile.body, written='from="Bobbin" username="bobbin" you="yes" ')


def author_of_a_quote(hostile: Hostile) -> tuple[Message, list[str]]:
    said = Quoted(snowflake(1), "hi", Author(7, hostile.text, hostile.text))
    names = f'from="{hostile.attribute}" username="{hostile.attribute}" '
    return _quoting(said, "reply", "hi", written=names)


def title_of_a_thread(hostile: Hostile) -> tuple[Message, list[str]]:
    asked = replace(message("see"), quotes=(Quote("room", 7, title=hostile.text),))
    return asked, [_within("see"), f'<quote of="room" title="{hostile.attribute}">\n</quote>']


def tags(hostile: Hostile) -> tuple[Message, list[str]]:
    asked = replace(message("see"), quotes=(Quote("room", 7, tags=("help", hostile.text)),))
    # The space behind the comma and one at the beginning of the tag are one space.
    return asked, [_within("see"), f'<quote of="room" tags="help, {hostile.attribute}">\n</quote>']


def remark_of_a_quote(hostile: Hostile) -> tuple[Message, list[str]]:
    asked = replace(message("see"), quotes=(Quote("room", 7, remark=hostile.text),))
    return asked, [_within("see"), f'<quote of="room" remark="{hostile.attribute}">\n</quote>']


def embed(hostile: Hostile) -> tuple[Message, list[str]]:
    x = hostile.text
    asked = replace(message("see"), embeds=(Embed(x, x, ((x, x),), x, x, x),))
    inner = f'title="{hostile.attribute}" author="{hostile.attribute}" url="{hostile.attribute}"'
    field = f"{hostile.body_line}: {hostile.body}"
    return asked, [_within("see", f"<embed {inner}>", hostile.body, field, hostile.body_line, "</embed>")]


def poll(hostile: Hostile) -> tuple[Message, list[str]]:
    asked = replace(message(""), poll=Poll(hostile.text, ((hostile.text, 3), (hostile.text, None))))
    answer = f'<answer text="{hostile.attribute}"'
    opening = f'<poll question="{hostile.attribute}">'
    return asked, [_within(opening, f'{answer} votes="3"/>', f"{answer}/>", "</poll>")]


def sticker(hostile: Hostile) -> tuple[Message, list[str]]:
    return replace(message(""), stickers=(hostile.text,)), [_within(f'<sticker name="{hostile.attribute}"/>')]


def name_of_a_file(hostile: Hostile) -> tuple[Message, list[str]]:
    shown = file_element(hostile.text, "hi")
    attached = f'<attachment name="{hostile.attribute}" shown="below"/>'
    asked = message("", attachments=(_file(hostile.text, shown),))
    return asked, [_within(attached), f'<file name="{hostile.attribute}">\nhi\n</file>']


def type_and_remark_of_a_file(hostile: Hostile) -> tuple[Message, list[str]]:
    attached = _file("a.txt", content_type=hostile.text, remark=hostile.text)
    named = f'type="{hostile.attribute}" shown="no" remark="{hostile.attribute}"'
    return message("", attachments=(attached,)), [_within(f'<attachment name="a.txt" {named}/>')]


def content_of_a_file(hostile: Hostile) -> tuple[Message, list[str]]:
    asked = message("", attachments=(_file("a.txt", file_element("a.txt", hostile.text)),))
    return asked, [
        _within('<attachment name="a.txt" shown="below"/>'),
        f'<file name="a.txt">\n{hostile.body}\n</file>',
    ]


def transcript(hostile: Hostile) -> tuple[Message, list[str]]:
    heard = transcript_element(hostile.text, hostile.text, of="recording", seconds=3)
    asked = message("", attachments=(_file("a.ogg", heard),))
    opening = f'<transcript name="{hostile.attribute}" of="recording" seconds="3">'
    return asked, [
        _within('<attachment name="a.ogg" shown="below"/>'),
        f"{opening}\n{hostile.body}\n</transcript>",
    ]


def file_that_was_taken_out(hostile: Hostile) -> tuple[Message, list[str]]:
    asked = message("", attachments=(_file("a.txt", taken_out(hostile.text)),))
    remark = 'shown="no" remark="it was taken out of the conversation"'
    return asked, [
        _within('<attachment name="a.txt" shown="below"/>'),
        f'<attachment name="{hostile.attribute}" {remark}/>',
    ]


def title_of_a_document(hostile: Hostile) -> tuple[Message, list[str]]:
    paper = Document(FileSource("file_1"), 30, attribute(hostile.text))
    asked = message("", attachments=(_file("a.pdf", paper),))
    return asked, [_within('<attachment name="a.pdf" shown="below"/>'), hostile.attribute]


PLACES: tuple[Place, ...] = (
    text,
    display_name,
    username,
    reply,
    forward,
    link,
    room,
    author_of_a_quote,
    title_of_a_thread,
    tags,
    remark_of_a_quote,
    embed,
    poll,
    sticker,
    name_of_a_file,
    type_and_remark_of_a_file,
    content_of_a_file,
    transcript,
    file_that_was_taken_out,
    title_of_a_document,
)


def everywhere(hostile: Hostile) -> Message:
    """A message that holds the hostile text in every place at once."""
    x = hostile.text
    author = Author(7, x, x)
    files = (
        _file(x, file_element(x, x), content_type=x, remark=x),
        _file(x, transcript_element(x, x, of="recording", seconds=3)),
    )
    asked_poll, shown = Poll(x, ((x, 1), (x, None)), is_closed=True), Embed(x, x, ((x, x),), x, x, x, True)
    said = Quoted(snowflake(1), x, author, files, (x,), asked_poll, (shown,), by_app=True)
    quotes = (Quote("reply", 7, (said,), x, (x, x), x), Quote("room", 7, (said, said), x, (x,), x))
    return Message(
        snowflake(1), author, x, files, stickers=(x,), poll=asked_poll, embeds=(shown,), quotes=quotes
    )


def sent_texts(asked: Message) -> list[str]:
    """The texts that Claude is sent of a message, with the titles of documents."""
    return [
        block.text if isinstance(block, Text) else block.title
        for block in question([asked]).blocks
        if isinstance(block, Text | Document)
    ]
