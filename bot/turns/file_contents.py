"""The step of the preparation that gives Claude the files of the messages.

The content of a file is stored with the conversation before it is used, so that an attempt after a crash neither
downloads nor uploads the file again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.conversation.content import Document, Image, Source
from bot.conversation.elements import attribute, file_element, transcript_element
from bot.conversation.message import Attachment
from bot.conversation.tokens import PRIOR
from bot.files.byte_budget import ByteBudget
from bot.files.convert import Converter
from bot.files.result import Converted, Pages, Picture, Problem, Recording, Transcript, Words
from bot.files.shorten import shortened
from bot.files.token_budget import TokenBudget, level
from bot.files.transcribe import no_listener
from bot.store.claim import Claim, Lease
from bot.store.file_store import FileContent, FileStore
from bot.turns.file_notices import FILES_MAX, PASSING, grouped, named, without_content
from bot.turns.prepare import Prepared
from bot.turns.wanted_files import WantedFile, wanted_files

log = structlog.get_logger()

BYTES_AT_ONCE = 256_000_000
"""The most bytes of files that all turns together hold in memory; one turn may read 200 MB by default."""

Download = Callable[[int, int, Attachment], Awaitable[bytes | Problem]]
"""Takes the channel and the id of the message, and the attachment."""

PassOn = Callable[[Lease, bytes, str], Awaitable[Source | Problem]]
"""Takes the lease of the turn, the bytes and the media type."""

Transcribe = Callable[[bytes, Recording], Awaitable[Transcript | Problem]]

BudgetOf = Callable[[Claim], Awaitable[TokenBudget]]


async def _ample(_claim: Claim) -> TokenBudget:
    return TokenBudget()


@dataclass(frozen=True, slots=True)
class FileContents:
    """Downloads and converts the files of a turn, and passes them on to Claude."""

    download: Download
    convert: Converter
    pass_on: PassOn
    store: FileStore
    token_budget: BudgetOf = _ample
    transcribe: Transcribe = no_listener
    bytes_at_once: ByteBudget = field(default_factory=lambda: ByteBudget(BYTES_AT_ONCE))

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the files' content to the messages, and the notices about them."""
        wanted = wanted_files(claim, prepared)
        if prepared.so_far or not wanted:
            return prepared
        known = await self.store.contents(claim.conversation)
        budget = await self.token_budget(claim)
        contents_known = [known.get((each.message, each.attachment.id)) for each in wanted]
        new_bytes = sum(
            each.attachment.size_bytes
            for each, content in zip(wanted[:FILES_MAX], contents_known, strict=False)
            if content is None
        )
        async with self.bytes_at_once.reserve(new_bytes):
            read_files = await asyncio.gather(
                *(
                    self._read(each, content, number, budget)
                    for number, (each, content) in enumerate(zip(wanted, contents_known, strict=True))
                )
            )
            fitted = await self._fitted(read_files, budget)
            found = await asyncio.gather(
                *(self._content(claim, each, file, budget) for each, file in zip(wanted, fitted, strict=True))
            )
        contents = {each.attachment.id: content for each, content in zip(wanted, found, strict=True)}

        def read(attachment: Attachment) -> Attachment:
            content = contents.get(attachment.id)
            return (
                attachment
                if content is None
                else replace(attachment, blocks=content.blocks, remark=content.remark)
            )

        messages = tuple(message.with_attachments(read) for message in prepared.messages)
        notices = grouped(
            [(each.attachment, content.notice) for each, content in zip(wanted, found, strict=True)]
        )
        return replace(prepared, messages=messages, notices=(*prepared.notices, *notices))

    async def _read(
        self, wanted: WantedFile, known: FileContent | None, number: int, budget: TokenBudget
    ) -> FileContent | _Read:
        """Download and convert a file, unless its content is known."""
        attachment = wanted.attachment
        if known is not None:
            return known
        if number >= FILES_MAX:
            return without_content(attachment, Problem.TOO_MANY)
        data = await self.download(wanted.channel, wanted.message, attachment)
        if isinstance(data, Problem):
            return _Read(b"", data)
        made = await self.convert.convert(data, budget.first_limits(self.convert.limits))
        if isinstance(made, Recording):
            seconds = attachment.voice_seconds if made.seconds is None else made.seconds
            return _Read(b"", await self.transcribe(data, replace(made, seconds=seconds)))
        return _Read(data, made)

    async def _fitted(
        self, found: Sequence[FileContent | _Read], budget: TokenBudget
    ) -> list[FileContent | _Read]:
        """Convert the largest files again with smaller limits, so that all files together fit into the budget."""
        known = sum(PRIOR.blocks(each.blocks) for each in found if isinstance(each, FileContent))
        most = level(
            [budget.size(each.made) for each in found if isinstance(each, _Read)], budget.tokens - known
        )

        async def fit(each: FileContent | _Read) -> FileContent | _Read:
            if isinstance(each, FileContent) or budget.size(each.made) <= most:
                return each
            limits = budget.narrowed(self.convert.limits, each.made, most)
            if limits is None:
                return _Read(b"", Problem.NO_ROOM)
            if isinstance(each.made, Transcript):
                return _Read(b"", _cut(each.made, limits.text_chars))
            return _Read(b"", await self.convert.convert(each.data, limits), narrowed=True)

        return list(await asyncio.gather(*map(fit, found)))

    async def _content(
        self, claim: Claim, wanted: WantedFile, read: FileContent | _Read, budget: TokenBudget
    ) -> FileContent:
        if isinstance(read, FileContent):
            return read
        attachment, made = wanted.attachment, read.made
        log.info("file_read", conversation=claim.conversation, kind=_kind(made), bytes=attachment.size_bytes)
        try:
            content = await self._rendered(claim.lease, attachment, read, budget)
        except _NotPassedOn as failure:
            return without_content(attachment, failure.problem)
        if made not in PASSING:
            await self.store.keep(claim.lease, wanted.message, attachment.id, content)
        return content

    async def _rendered(
        self, lease: Lease, attachment: Attachment, read: _Read, budget: TokenBudget
    ) -> FileContent:
        made, size = read.made, budget.size(read.made)
        match made:
            case Recording():
                return without_content(attachment, Problem.AUDIO)
            case Problem():
                return without_content(attachment, made)
            case Transcript():
                return _transcript(attachment, made)
            case Words():
                remark = f"{made.left_out:,} characters of its middle are left out" if made.left_out else ""
                notice = f"I read only the beginning and the end of {named(attachment)}." if remark else ""
                return FileContent((file_element(attachment.filename, made.text),), remark, notice)
            case Picture():
                source = await self._source(lease, made.data, made.media_type)
                remarks = ["its first frame"] if made.animated else []
                notices = [f"I see only the first frame of {named(attachment)}."] if made.animated else []
                if read.narrowed:
                    remarks.append(f"scaled down to {made.width} by {made.height} pixels")
                    notices.append(f"I scaled down {named(attachment)}, because there is no room for more.")
                image = Image(source, size, attachment.filename)
                return FileContent((image,), ", ".join(remarks), " ".join(notices))
            case Pages():
                source = await self._source(lease, made.data, "application/pdf")
                document = Document(source, size, attribute(attachment.filename))
                cut = made.pages < made.of
                first = "the first" if made.pages == 1 else f"the first {made.pages}"
                remark = f"{first} of its {made.of} pages" if cut else ""
                notice = (
                    f"I read only {first} of {made.of} pages of {named(attachment)}. "
                    "Send others that matter as a file of their own."
                    if cut
                    else ""
                )
                return FileContent((document,), remark, notice)

    async def _source(self, lease: Lease, data: bytes, media_type: str) -> Source:
        source = await self.pass_on(lease, data, media_type)
        if isinstance(source, Problem):
            raise _NotPassedOn(source)
        return source


class _NotPassedOn(Exception):
    """A file could not be passed on to Claude; the next attempt at the turn tries again."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Read:
    """The result of a conversion, and the bytes of the file; `narrowed` if the limits were smaller than usual."""

    data: bytes
    made: Converted
    narrowed: bool = False


def _cut(heard: Transcript, chars: int) -> Transcript:
    words = shortened(heard.text, chars)
    if isinstance(words, Problem):
        return heard
    return replace(heard, text=words.text, left_out=heard.left_out + words.left_out)


def _transcript(attachment: Attachment, heard: Transcript) -> FileContent:
    of = "recording" if attachment.voice_seconds is None else "voice note"
    element = transcript_element(attachment.filename, heard.text, of=of, seconds=heard.seconds)
    remark, notice = "transcribed by a machine", ""
    if heard.left_out:
        remark += f", {heard.left_out:,} characters of the transcript's middle are left out"
        notice = f"I got only the beginning and the end of {named(attachment)}."
    return FileContent((element,), remark, notice)


def _kind(made: Converted) -> str:
    return made.value if isinstance(made, Problem) else type(made).__name__.lower()
