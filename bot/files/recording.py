"""Recordings by their bytes: the format, whether a container holds sound alone, and how long it lasts; pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.files.result import Recording

_FORMATS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"OggS", "ogg", "audio/ogg"),
    (0, b"fLaC", "flac", "audio/flac"),
    (0, b"RIFF", "wav", "audio/wav"),
    (4, b"ftyp", "m4a", "audio/mp4"),
    (0, b"\x1aE\xdf\xa3", "webm", "audio/webm"),
    (0, b"\xff\xf1", "aac", "audio/aac"),
    (0, b"\xff\xf9", "aac", "audio/aac"),
)
_MP3 = ("mp3", "audio/mpeg")
"""The format of every other recording: with a tag in front, or with one of several first bytes."""

_SOUND = re.compile(rb"hdlr.{8}soun|A_(?:OPUS|VORBIS|AAC|MPEG|FLAC|PCM)", re.DOTALL)
_PICTURES = re.compile(rb"hdlr.{8}vide|V_(?:VP8|VP9|AV1|MPEG|THEORA|MS)", re.DOTALL)
"""Tracks of ISO base media files (ISO/IEC 14496-12, "Handler Reference Box") and of Matroska ("Codec Mappings")."""

OPUS_HZ = 48_000
"""An Ogg page counts the samples of Opus at this rate, whatever the rate of the input was (RFC 7845)."""


def recording_in(data: bytes) -> Recording:
    """Describe a file that is a recording."""
    formats = ((kind, media) for at, signature, kind, media in _FORMATS if data[at:].startswith(signature))
    extension, media_type = next(formats, _MP3)
    length = _LENGTHS.get(extension)
    return Recording(extension, media_type, None if length is None else length(data))


def holds_sound_alone(data: bytes) -> bool:
    """Whether a container of the kinds that are known for videos has a track of sound and none of pictures."""
    return _SOUND.search(data) is not None and _PICTURES.search(data) is None


def _ogg(data: bytes) -> float | None:
    last = data.rfind(b"OggS")
    samples = int.from_bytes(data[last + 6 : last + 14], "little", signed=True)
    if (at := data.find(b"\x01vorbis", 0, 4096)) >= 0:
        rate = int.from_bytes(data[at + 12 : at + 16], "little")
    else:
        rate = OPUS_HZ if b"OpusHead" in data[:4096] else 0
    return samples / rate if rate and samples > 0 else None


def _wav(data: bytes) -> float | None:
    bytes_per_s = int.from_bytes(data[28:32], "little")
    return (len(data) - 44) / bytes_per_s if bytes_per_s and len(data) > 44 else None


def _mp4(data: bytes) -> float | None:
    at = data.find(b"mvhd")
    if at < 0 or data[at + 4 : at + 5] != b"\x00":
        return None
    scale, length = (int.from_bytes(data[at + 16 + more : at + 20 + more], "big") for more in (0, 4))
    return length / scale if scale and length else None


_LENGTHS: dict[str, Callable[[bytes], float | None]] = {"ogg": _ogg, "wav": _wav, "m4a": _mp4}
"""The formats whose header or last page tells the length."""
