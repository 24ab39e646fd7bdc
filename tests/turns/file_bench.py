"""The step that reads attached files, with its downloads, uploads and store replaced at our own seams."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.conversation.content import FileSource, Source
from bot.conversation.message import Attachment, Message
from bot.files.result import Converted, Limits, Pages, Picture, Problem, Recording, Transcript, Words
from bot.files.token_budget import TokenBudget
from bot.store.claim import Claim, Lease
from bot.store.file_store import FileContent
from bot.turns.file_contents import FileContents
from bot.turns.prepare import Prepared
from tests.conversation.builders import message
from tests.store.claims import a_claim

UPLOADED = FileSource("file_1")
PICTURE = Picture("image/png", b"png", 56, 28)


@dataclass
class Bench:
    """Notes the calls of the step."""

    converted: Converted = PICTURE
    downloads: list[tuple[int, int, int]] = field(default_factory=list)
    uploads: int = 0
    kept: dict[tuple[int, int], FileContent] = field(default_factory=dict)
    source: Source | Problem = UPLOADED
    heard: Transcript | Problem | None = None
    recordings: list[Recording] = field(default_factory=list)
    down: bool = False
    limits: Limits = field(default_factory=Limits)
    asked: list[Limits] = field(default_factory=list)
    room: TokenBudget = field(default_factory=TokenBudget)

    async def download(self, channel: int, message: int, attachment: Attachment) -> bytes | Problem:
        self.downloads.append((channel, message, attachment.id))
        return Problem.UNAVAILABLE if self.down else b"data"

    async def convert(self, _data: bytes, limits: Limits) -> Converted:
        self.asked.append(limits)
        match self.converted:
            case Pages():
                return replace(self.converted, pages=min(self.converted.pages, limits.pdf_pages))
            case Picture(width=width, height=height):
                scale = min(1.0, limits.image_max_edge / max(width, height))
                return replace(self.converted, width=round(width * scale), height=round(height * scale))
            case Words() if len(self.converted.text) > limits.text_chars:
                left_out = len(self.converted.text) - limits.text_chars
                return Words(self.converted.text[left_out:], left_out)
        return self.converted

    async def pass_on(self, _lease: Lease, _data: bytes, _media_type: str) -> Source | Problem:
        self.uploads += 1
        return self.source

    async def transcribe(self, _data: bytes, recording: Recording) -> Transcript | Problem:
        self.recordings.append(recording)
        assert self.heard is not None
        return self.heard

    async def contents(self, _conversation: int) -> dict[tuple[int, int], FileContent]:
        return dict(self.kept)

    async def keep(self, _lease: Lease, message: int, attachment: int, content: FileContent) -> None:
        self.kept[message, attachment] = content

    async def prepare(self, *messages: Message, **more: Any) -> Prepared:
        async def room(_claim: Claim) -> TokenBudget:
            return self.room

        step = FileContents(self.download, cast("Any", self), self.pass_on, cast("Any", self), room)
        if self.heard is not None:
            step = replace(step, transcribe=self.transcribe)
        claim = a_claim(messages[0].id, messages=messages)
        return await step(claim, Prepared(messages, **more))


def with_files(count: int = 1, number: int = 10, first: int = 0) -> Message:
    files = tuple(Attachment(each, f"f{each}.png", "image/png", 4) for each in range(first, first + count))
    return message("look", number=number, attachments=files)


def only(prepared: Prepared) -> Attachment:
    ((attachment,),) = (each.attachments for each in prepared.messages)
    return attachment
