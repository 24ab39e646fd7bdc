from __future__ import annotations

import pytest

from bot.files.recording import holds_sound_alone, recording_in
from bot.files.result import Recording
from tests.files import samples

OGG, WAV = ("ogg", "audio/ogg"), ("wav", "audio/wav")
VORBIS = b"OggS\x00\x02" + bytes(22) + b"\x01vorbis" + bytes(5) + (44_100).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (samples.voice(2), Recording(*OGG, 2.0)),
        (VORBIS + b"OggS\x00\x04" + (88_200).to_bytes(8, "little"), Recording(*OGG, 2.0)),
        (b"OggS\x00\x02" + bytes(30), Recording(*OGG)),
        (samples.voice()[:20], Recording(*OGG)),
        (samples.wav(0.5), Recording(*WAV, 0.5)),
        (samples.wav()[:20], Recording(*WAV)),
        (samples.mp4("soun", brand=b"M4A "), Recording("m4a", "audio/mp4", 3.0)),
        (samples.mp4("soun")[:40], Recording("m4a", "audio/mp4")),
        (samples.webm("A_OPUS"), Recording("webm", "audio/webm")),
        (b"fLaC\x00\x00", Recording("flac", "audio/flac")),
        (b"ID3\x04\x00", Recording("mp3", "audio/mpeg")),
        (b"\xff\xfb\x90\x00", Recording("mp3", "audio/mpeg")),
        (b"\xff\xf1\x50\x80", Recording("aac", "audio/aac")),
    ],
)
def test_the_format_and_the_length_are_told_by_the_bytes(data: bytes, expected: Recording) -> None:
    assert recording_in(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (samples.webm("A_OPUS"), True),
        (samples.webm("V_VP9", "A_OPUS"), False),
        (samples.webm("V_VP9"), False),
        (samples.mp4("soun"), True),
        (samples.mp4("vide", "soun"), False),
        (samples.mp4(), False),
    ],
)
def test_a_container_without_pictures_is_a_recording(data: bytes, expected: bool) -> None:
    assert holds_sound_alone(data) is expected
