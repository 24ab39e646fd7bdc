"""The results of a conversion, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a conversion.

    A picture is scaled to `image_max_edge` pixels, a PDF is cut to its first `pdf_pages`, text in its middle to
    `text_chars` characters.
    """

    image_max_edge: int = 1568
    pdf_pages: int = 50
    text_chars: int = 100_000


class Problem(StrEnum):
    """Why a file has no content for Claude."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    AUDIO = "audio"
    VIDEO = "video"
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "too_many"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is upright and has no metadata; `animated` if only its first frame is here."""

    media_type: str
    data: bytes
    width: int
    height: int
    animated: bool = False


@dataclass(frozen=True, slots=True)
class Pages:
    """A PDF with `pages` pages, the first of the `of` pages that the file has."""

    data: bytes
    pages: int
    of: int


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a file; `left_out` characters of its middle are left out, where a remark stands."""

    text: str
    left_out: int = 0


Converted = Picture | Pages | Words | Problem
