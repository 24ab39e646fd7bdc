"""The step of the preparation that gives Claude the files of the messages.

The content of a file is stored with the conversation before it is used, so that an attempt after a crash neither
downloads nor uploads the file again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.conversation.content import Document, Image, Source
from bot.conversation.elements import attribute, file_element, transcript_element
from bot.conversation.message import Attachment
from bot.conversation.tokens import PRIOR
from bot.conversation.wording import listed, named_file
from bot.files.byte_budget import ByteBudget
from bot.files.convert import Converter
from bot.files.result import Converted, Pages, Picture, Problem, Recording, Transcript, Words
from bot.files.room import Room, level
from bot.files.shorten import shortened
from bot.files.transcribe import no_listener
from bot.store.claim import Claim
from bot.store.file_store import FileContent, FileStore
from bot.turns.prepare import Prepared

log = structlog.get_logger()

FILES_MAX = 10
"""The most files of one turn, as many as one message has at most (Discord, "Create Message")."""

BYTES_AT_ONCE = 256_000_000
"""The bytes of the files that all turns together read at a time; the files of one turn may take 200 MB by default."""

Download = Callable[[int, int, Attachment], Awaitable[bytes | Problem]]
"""Takes the channel and the id of the message, and the attachment."""

PassOn = Callable[[int, bytes, str], Awaitable[Source | Problem]]
"""Takes the conversation, the bytes and the media type."""

Transcribe = Callable[[bytes, Recording], Awaitable[Transcript | Problem]]

PASSING = (Problem.UNAVAILABLE, Problem.NOT_HEARD, Problem.NO_LISTENER)
"""The problems that are not of the file: a later attempt reads the file again."""

RoomOf = Callable[[Claim], Awaitable[Room]]


async def _ample(_claim: Claim) -> Room:
    return Room()


# A notice may name several files, so that the sentences for people go with one file and with many.
PROBLEMS: dict[Problem, tuple[str, str]] = {
    Problem.EMPTY: ("it is empty", "there is nothing inside"),
    Problem.TOO_LARGE: (
        "it is too large",
        "that is too large, as it is or unpacked. Send only the part that matters",
    ),
    Problem.ENCRYPTED: (
        "it is protected by a password",
        "a password is needed. Send a copy without one",
    ),
    Problem.UNREADABLE: (
        "it is damaged",
        "the content seems to be damaged. Save it again, or send another format",
    ),
    Problem.UNSUPPORTED: (
        "its format cannot be read",
        "the content is in no format that I know. I read pictures, PDFs, text and code, .docx, .xlsx, .xls, "
        ".ods and .pptx",
    ),
    Problem.AUDIO: (
        "it is a recording, and you cannot listen to recordings here",
        "I cannot listen to recordings here. Please write what was said",
    ),
    Problem.TOO_LONG: (
        "it is a recording that is too long to be transcribed",
        "that is longer than I listen to. Send a shorter recording, or write what matters",
    ),
    Problem.SILENT: (
        "it is a recording in which no words were heard",
        "I heard no words. Record again, closer to the microphone, or write what was said",
    ),
    Problem.NOT_HEARD: (
        "it is a recording that could not be transcribed just now",
        "the service that listens for me did not answer in time. Try again later, or write what was said",
    ),
    Problem.NO_LISTENER: (
        "it is a recording that could not be transcribed",
        "the service that listens for me does not accept this bot, which only the bot's operator can change. "
        "Please write what was said",
    ),
    Problem.VIDEO: ("it is a video", "I cannot watch videos. A screenshot works"),
    Problem.TIMED_OUT: ("it takes too long to read", "reading took too long. Send a smaller file"),
    Problem.UNAVAILABLE: (
        "Discord did not deliver it",
        "the download from Discord failed. Please attach again",
    ),
    Problem.TOO_MANY: (
        "too many files",
        f"I read {FILES_MAX} files at a time. Send the others in another message",
    ),
    Problem.NOT_UPLOADED: (
        "it could not be uploaded",
        "the upload to Claude failed. Please send again later, or tell the bot's operator",
    ),
    Problem.NO_ROOM: (
        "there is no room for it in the conversation",
        "there is no room left in this conversation. Send a smaller file, or one file at a time",
    ),
}
"""What Claude and what people are told of a file that has no content."""


@dataclass(frozen=True, slots=True)
class FileContents:
    """Downloads and converts the files of a turn, and passes them on to Claude."""

    download: Download
    convert: Converter
    pass_on: PassOn
    store: FileStore
    room: RoomOf = _ample
    transcribe: Transcribe = no_listener
    budget: ByteBudget = field(default_factory=lambda: ByteBudget(BYTES_AT_ONCE))

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the files' content to the messages, and the notices about them."""
        wanted = _wanted(claim, prepared)
        if prepared.so_far or not wanted:
            return prepared
        known = await self.store.contents(claim.conversation)
        room = await self.room(claim)
        contents_known = [known.get((each.message, each.attachment.id)) for each in wanted]
        new_bytes = sum(
            each.attachment.size_bytes
            for each, content in zip(wanted[:FILES_MAX], contents_known, strict=False)
            if content is None
        )
        async with self.budget.reserve(new_bytes):
            read_files = await asyncio.gather(
                *(
                    self._read(each, content, number, room)
                    for number, (each, content) in enumerate(zip(wanted, contents_known, strict=True))
                )
            )
            fitted = await self._fitted(read_files, room)
            found = await asyncio.gather(
                *(self._content(claim, each, file, room) for each, file in zip(wanted, fitted, strict=True))
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
        notices = _grouped(
            [(each.attachment, content.notice) for each, content in zip(wanted, found, strict=True)]
        )
        return replace(prepared, messages=messages, notices=(*prepared.notices, *notices))

    async def _read(
        self, wanted: _Wanted, known: FileContent | None, number: int, room: Room
    ) -> FileContent | _Read:
        """Download and convert a file, unless its content is known."""
        attachment = wanted.attachment
        if known is not None:
            return known
        if number >= FILES_MAX:
            return _problem(attachment, Problem.TOO_MANY)
        data = await self.download(wanted.channel, wanted.message, attachment)
        if isinstance(data, Problem):
            return _Read(b"", data)
        made = await self.convert.convert(data, room.first_limits(self.convert.limits))
        if isinstance(made, Recording):
            seconds = attachment.voice_seconds if made.seconds is None else made.seconds
            return _Read(b"", await self.transcribe(data, replace(made, seconds=seconds)))
        return _Read(data, made)

    async def _fitted(self, found: Sequence[FileContent | _Read], room: Room) -> list[FileContent | _Read]:
        """Convert the largest files once more with smaller limits, so that all together fit into the room."""
        known = sum(PRIOR.blocks(each.blocks) for each in found if isinstance(each, FileContent))
        most = level([room.size(each.made) for each in found if isinstance(each, _Read)], room.tokens - known)

        async def fit(each: FileContent | _Read) -> FileContent | _Read:
            if isinstance(each, FileContent) or room.size(each.made) <= most:
                return each
            limits = room.narrowed(self.convert.limits, each.made, most)
            if limits is None:
                return _Read(b"", Problem.NO_ROOM)
            if isinstance(each.made, Transcript):
                return _Read(b"", _cut(each.made, limits.text_chars))
            return _Read(b"", await self.convert.convert(each.data, limits), narrowed=True)

        return list(await asyncio.gather(*map(fit, found)))

    async def _content(
        self, claim: Claim, wanted: _Wanted, read: FileContent | _Read, room: Room
    ) -> FileContent:
        if isinstance(read, FileContent):
            return read
        attachment, made = wanted.attachment, read.made
        log.info("file_read", conversation=claim.conversation, kind=_kind(made), bytes=attachment.size_bytes)
        try:
            content = await self._rendered(claim.conversation, attachment, read, room)
        except _NotPassedOn as failure:
            return _problem(attachment, failure.problem)
        if made not in PASSING:
            await self.store.keep(claim.conversation, wanted.message, attachment.id, content)
        return content

    async def _rendered(
        self, conversation: int, attachment: Attachment, read: _Read, room: Room
    ) -> FileContent:
        made, size = read.made, room.size(read.made)
        match made:
            case Recording():
                return _problem(attachment, Problem.AUDIO)
            case Problem():
                return _problem(attachment, made)
            case Transcript():
                return _transcript(attachment, made)
            case Words():
                remark = f"{made.left_out:,} characters of its middle are left out" if made.left_out else ""
                notice = f"I read only the beginning and the end of {_named(attachment)}." if remark else ""
                return FileContent((file_element(attachment.filename, made.text),), remark, notice)
            case Picture():
                source = await self._source(conversation, made.data, made.media_type)
                remarks = ["its first frame"] if made.animated else []
                notices = [f"I see only the first frame of {_named(attachment)}."] if made.animated else []
                if read.narrowed:
                    remarks.append(f"scaled down to {made.width} by {made.height} pixels")
                    notices.append(f"I scaled down {_named(attachment)}, because there is no room for more.")
                image = Image(source, size, attachment.filename)
                return FileContent((image,), ", ".join(remarks), " ".join(notices))
            case Pages():
                source = await self._source(conversation, made.data, "application/pdf")
                document = Document(source, size, attribute(attachment.filename))
                cut = made.pages < made.of
                first = "the first" if made.pages == 1 else f"the first {made.pages}"
                remark = f"{first} of its {made.of} pages" if cut else ""
                notice = (
                    f"I read only {first} of {made.of} pages of {_named(attachment)}. "
                    "Send others that matter as a file of their own."
                    if cut
                    else ""
                )
                return FileContent((document,), remark, notice)

    async def _source(self, conversation: int, data: bytes, media_type: str) -> Source:
        source = await self.pass_on(conversation, data, media_type)
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An attachment to read; `channel` and `message` are where Discord names its fresh URL."""

    channel: int
    message: int
    attachment: Attachment


def _wanted(claim: Claim, prepared: Prepared) -> tuple[_Wanted, ...]:
    """Return the attachments to read, each once, those of quotes last.

    An attachment with a remark is not read: the remark says why.
    """
    own, quoted = _attachments(claim, prepared)
    wanted: dict[int, _Wanted] = {}
    for each in (*own, *quoted):
        if not each.attachment.remark:
            wanted.setdefault(each.attachment.id, each)
    return tuple(wanted.values())


def _attachments(claim: Claim, prepared: Prepared) -> tuple[list[_Wanted], list[_Wanted]]:
    """Return the attachments of the messages, and those of what they quote."""
    own: list[_Wanted] = []
    quoted: list[_Wanted] = []
    for message in prepared.messages:
        # The message that opens a thread stands in the channel.
        opened_in = claim.meta.parent if message.opens is not None else None
        channel = opened_in or claim.conversation
        own += [_Wanted(channel, message.id, each) for each in message.attachments]
        for quote in message.quotes:
            for said in quote.messages:
                # A forward is a copy: its files are those of the message that forwards.
                holder = message.id if quote.kind == "forward" else said.id
                where = channel if quote.kind == "forward" else quote.channel
                quoted += [_Wanted(where, holder, each) for each in said.attachments]
    return own, quoted


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
        notice = f"I got only the beginning and the end of {_named(attachment)}."
    return FileContent((element,), remark, notice)


def _problem(attachment: Attachment, problem: Problem) -> FileContent:
    for_claude, for_people = PROBLEMS[problem]
    return FileContent((), for_claude, f"I could not read {_named(attachment)}: {for_people}.")


def _grouped(found: Iterable[tuple[Attachment, str]]) -> Iterator[str]:
    """Yield the notices, those that differ in the name of the file only as one."""
    names: dict[tuple[str, str], list[str]] = {}
    for attachment, notice in found:
        if notice:
            before, name, after = notice.partition(_named(attachment))
            names.setdefault((before, after), []).append(name)
    for (before, after), named in names.items():
        yield before + listed(list(dict.fromkeys(named))) + after


def _named(attachment: Attachment) -> str:
    return named_file(attachment.filename)


def _kind(made: Converted) -> str:
    return made.value if isinstance(made, Problem) else type(made).__name__.lower()
