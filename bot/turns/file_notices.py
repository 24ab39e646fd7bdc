"""The remarks for Claude and the notices for people about the files of a turn: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.conversation.message import Attachment
from bot.conversation.wording import listed, named_file
from bot.files.result import Problem
from bot.store.file_store import FileContent

FILES_MAX = 10
"""The most files of one turn, as many as one message has at most (Discord, "Create Message")."""

PASSING = (Problem.UNAVAILABLE, Problem.NOT_HEARD, Problem.NO_LISTENER)
"""Problems that may pass, because the file is not their cause: a later attempt reads the file again."""

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
"""Why a file has no content: the words for Claude, and the words for people."""


def without_content(attachment: Attachment, problem: Problem) -> FileContent:
    for_claude, for_people = PROBLEMS[problem]
    return FileContent((), for_claude, f"I could not read {named(attachment)}: {for_people}.")


def grouped(found: Iterable[tuple[Attachment, str]]) -> Iterator[str]:
    """Yield the notices; notices that differ only in the name of the file become one notice."""
    names: dict[tuple[str, str], list[str]] = {}
    for attachment, notice in found:
        if notice:
            before, name, after = notice.partition(named(attachment))
            names.setdefault((before, after), []).append(name)
    for (before, after), filenames in names.items():
        yield before + listed(list(dict.fromkeys(filenames))) + after


def named(attachment: Attachment) -> str:
    return named_file(attachment.filename)
