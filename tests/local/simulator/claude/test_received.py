"""The stand-in names what it was given beside words, so that a person sees what has reached Claude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.content import Document, FileSource, Image, InlineSource, Source, Text
from bot.conversation.elements import file_element, question, transcript_element
from bot.conversation.message import Attachment, Author, Embed, Message, Poll, Quote, Quoted
from bot.local.simulator.claude.file import File
from bot.local.simulator.claude.stand_in import stand_in
from tests.files import samples

ANN = Author(1, "ann", "Ann")
BEN = Author(2, "ben", "Ben")
INLINE = {"d1": "A" * 8192}


def _source(source: Source) -> dict[str, str]:
    if isinstance(source, FileSource):
        return {"type": "file", "file_id": source.file_id}
    assert isinstance(source, InlineSource)
    return {"type": "base64", "media_type": source.media_type, "data": INLINE[source.digest]}


def attached(name: str, kind: str, *blocks: Any, remark: str = "") -> Attachment:
    return Attachment(5, name, kind, 100, blocks=blocks, remark=remark)


def answer(*messages: Message, files: Sequence[File] = ()) -> str:
    """What the stand-in says to messages as the bot renders them."""
    blocks: list[dict[str, Any]] = []
    for block in question(messages).blocks:
        if isinstance(block, Text):
            blocks.append({"type": "text", "text": block.text})
        elif isinstance(block, Image | Document):
            named = {"title": block.title} if isinstance(block, Document) else {}
            source = _source(block.source)
            blocks.append({"type": block.type, "source": source, **named})
    body = {"messages": [{"role": "user", "content": blocks}]}
    return stand_in(body, {file.id: file for file in files}).text


def uploaded(file_id: str, media_type: str, data: bytes) -> File:
    return File(file_id, "file.bin", media_type, data, "2026-11-29T00:00:00Z", None)


def test_a_picture_is_named_with_its_size_and_tokens() -> None:
    picture = samples.picture("PNG", (280, 56))
    message = Message(9, ANN, "look", (attached("loom.png", "image/png", Image(FileSource("file_1"), 20)),))
    said = answer(message, files=[uploaded("file_1", "image/png", picture)])
    assert "- `loom.png`: a picture of 280 × 56 pixels, 20 tokens" in said
    assert "You wrote: “look”" in said


def test_documents_and_texts_are_named_with_what_they_hold() -> None:
    message = Message(
        9,
        ANN,
        "",
        (
            attached("a.pdf", "application/pdf", Document(InlineSource("application/pdf", "d1"), 9, "a.pdf")),
            attached("a.py", "text/x-python", file_element("a.py", "x = [`1`]")),
            attached("b.ogg", "audio/ogg", remark="it is a recording"),
        ),
    )
    said = answer(message)
    assert "- `a.pdf`: a document of 6 KB" in said
    assert "- `a.py`: 9 characters of text, 4 tokens: “x = ['1']”" in said
    assert "- only the name of `b.ogg`: it is a recording" in said
    assert "You wrote" not in said


def test_files_that_were_not_shown_for_the_same_reason_share_a_line() -> None:
    files = tuple(attached(f"{at}.zip", "application/zip", remark="too many") for at in range(6))
    said = answer(Message(9, ANN, "", files))
    assert "- only the names of `0.zip`, `1.zip`, `2.zip`, `3.zip` and 2 more: too many" in said


def test_an_uploaded_pdf_is_named_with_its_pages() -> None:
    paper = attached("a.pdf", "application/pdf", Document(FileSource("file_2"), 9, "a.pdf"))
    said = answer(
        Message(9, ANN, "", (paper,)), files=[uploaded("file_2", "application/pdf", samples.pdf(3))]
    )
    assert "- `a.pdf`: a document of 3 pages, " in said


def test_a_transcript_is_named_and_takes_no_name_from_a_picture_beside_it() -> None:
    heard = transcript_element("voice.ogg", "hello there", of="voice note", seconds=2)
    files = (
        attached("voice.ogg", "audio/ogg", heard),
        attached("loom.png", "image/png", Image(FileSource("file_1"), 20)),
    )
    picture = uploaded("file_1", "image/png", samples.picture("PNG", (280, 56)))
    said = answer(Message(9, ANN, "", files), files=[picture])
    assert "- `voice.ogg`: 11 characters of a transcript, 5 tokens: “hello there”" in said
    assert "- `loom.png`: a picture of " in said


def test_what_a_message_replies_to_is_named_with_its_author() -> None:
    reply = Message(9, ANN, "really?", quotes=(Quote("reply", 1, (Quoted(8, "wool is warm", BEN),)),))
    said = answer(reply)
    assert "- what this replies to: Ben: “wool is warm”" in said
    assert "You wrote: “really?”" in said


def test_a_message_that_is_not_quoted_is_named_with_the_whole_reason() -> None:
    why = "this links to a message that is not shown to you: not everybody who reads this conversation may read it"
    said = answer(Message(9, ANN, "see", quotes=(Quote("link", 1, remark=why),)))
    assert f"- {why}\n" in said


def test_a_forward_is_named_with_its_files_and_without_an_author() -> None:
    held = Quoted(
        8, "see", attachments=(attached("x.zip", "application/zip", remark="its format cannot be read"),)
    )
    said = answer(Message(9, ANN, "", quotes=(Quote("forward", 1, (held,)),)))
    assert "- a forwarded message: “see”, `x.zip`" in said


def test_a_quote_without_words_is_named_by_its_title_alone() -> None:
    said = answer(Message(9, ANN, "hello", quotes=(Quote("room", 1, title="An idea"),)))
    assert "- what was said before in “An idea”\n" in said


def test_a_remembered_fact_and_the_outcome_of_a_tool_are_named_as_such() -> None:
    fact = Quote("memory", 1, (Quoted(8, "Ben likes snow", BEN),), title="901ac20bce")
    outcome = Quote("tool", 1, (Quoted(8, "The poll stands."),), title="create_poll")
    said = answer(Message(9, ANN, "hello", quotes=(fact, outcome)))
    assert "- a remembered fact: Ben: “Ben likes snow”" in said
    assert "- the outcome of the tool “create_poll”: “The poll stands.”" in said


def test_polls_stickers_and_embeds_are_named() -> None:
    poll = Poll("Tea or coffee?", (("Tea", 1), ("Coffee", None)))
    message = Message(9, ANN, "hm", stickers=("yarn",), poll=poll, embeds=(Embed("A shop", "wool"),))
    said = answer(message)
    assert "- a sticker: yarn" in said
    assert "- a poll with 2 answers: “Tea or coffee?”" in said
    assert "- an embed: “A shop”" in said
    assert "You wrote: “hm”" in said


def test_a_message_without_any_of_them_is_not_told_of_any() -> None:
    assert "I received" not in answer(Message(9, ANN, "hello"))
