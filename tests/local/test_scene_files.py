"""The files of a replay are what they claim to be."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pypdf import PdfReader

from bot.files.kind import HEAD_BYTES, Kind, kind_of
from bot.local.scene import SceneFile
from bot.local.scene_files import MOST_BYTES, upload_of

KINDS = {"image": Kind.IMAGE, "pdf": Kind.PDF, "text": Kind.TEXT, "binary": Kind.BINARY, "else": Kind.BINARY}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1, 5000, 300_000])
def test_a_file_has_its_kind_and_about_its_size(kind: str, size: int) -> None:
    name, _, content = upload_of(SceneFile(kind, size), 3)
    assert name.startswith("file-3.")
    assert kind_of(content[:HEAD_BYTES]) is KINDS[kind]
    assert 0.95 * size <= len(content) <= 1.05 * size + 1000


def test_a_picture_and_a_pdf_can_be_read() -> None:
    picture = Image.open(io.BytesIO(upload_of(SceneFile("image", 10_000), 1)[2]))
    picture.load()
    assert picture.size == (100, 100)
    assert len(PdfReader(io.BytesIO(upload_of(SceneFile("pdf", 10_000), 1)[2])).pages) == 1


def test_no_file_is_larger_than_discord_takes() -> None:
    assert len(upload_of(SceneFile("text", 10**12), 1)[2]) == MOST_BYTES
