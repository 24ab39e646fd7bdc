"""The local Claude's token counter, and what images cost."""

from __future__ import annotations

import base64
import struct

import pytest

from bot.local.simulator.claude.images import base64_size_px, image_tokens
from bot.local.simulator.claude.tokens import count_block, count_text


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a", 1),
        ("hello", 2),
        ("x" * 2500, 1000),
        ("привет", 4),
        ("こんにちは", 5),
        ("🎉🎉", 4),
        ("a…🎉", 4),
    ],
)
def test_a_text_counts_by_the_width_of_its_characters(text: str, tokens: int) -> None:
    assert count_text(text) == tokens


def test_older_models_count_fewer_tokens() -> None:
    assert count_text("x" * 2600, "older") == 800


def test_a_breakpoint_costs_no_tokens() -> None:
    tool = {"name": "look", "input_schema": {"type": "object"}}
    assert count_block(tool) == count_block({**tool, "cache_control": {"type": "ephemeral"}})


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 560, 280)
GIF = b"GIF89a" + struct.pack("<HH", 560, 280)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08" + struct.pack(">HH", 280, 560) + b"\x03"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + b"\x2f\x02\x00" + b"\x17\x01\x00"
WEBP_LOSSY = b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(10) + struct.pack("<HH", 560, 280)
WEBP_LOSSLESS = b"RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f" + struct.pack("<I", 559 | 279 << 14)


@pytest.mark.parametrize("raw", [PNG, GIF, JPEG, WEBP, WEBP_LOSSY, WEBP_LOSSLESS])
def test_an_image_costs_a_token_for_each_square_of_28_pixels(raw: bytes) -> None:
    data = base64.b64encode(raw).decode()
    assert base64_size_px(data) == (560, 280)
    assert image_tokens({"type": "base64", "data": data}, "current") == 20 * 10


def test_a_large_image_is_scaled_down_first() -> None:
    data = base64.b64encode(PNG[:16] + struct.pack(">II", 8000, 8000)).decode()
    assert image_tokens({"type": "base64", "data": data}, "current") == 4784
    assert image_tokens({"type": "base64", "data": data}, "older") == 1568


@pytest.mark.parametrize("data", ["", "no base64!", base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(), "AAAA"])
def test_what_is_no_image_has_no_size(data: str) -> None:
    assert base64_size_px(data) is None
