"""The size of a picture from its first bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.local.simulator.picture_size import size_px


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG", "WEBP"])
def test_the_size_of_each_kind_of_picture_is_read(kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (37, 52)).save(file, kind)
    assert size_px(file.getvalue()) == (37, 52)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n\x00", b"GIF89a", b"\xff\xd8\xff\xe0", b"MZ\x90", b"RIFF"]
)
def test_anything_else_has_no_size(data: bytes) -> None:
    assert size_px(data) is None
