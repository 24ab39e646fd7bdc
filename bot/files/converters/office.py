"""Office files as text: documents, spreadsheets, presentations."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import docx
import python_calamine
from docx.document import Document
from docx.table import Table

from bot.files.result import Limits, Problem, Words
from bot.files.shorten import shortened

UNPACKED_BYTES_MAX = 200_000_000
ENTRIES_MAX = 10_000
"""A zip bomb declares its size; one that declares a false size fails when it is read."""

SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def convert_zip(data: bytes, limits: Limits) -> Words | Problem:
    """Return the text of a .docx, .xlsx, .ods or .pptx; any other archive is UNSUPPORTED."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
            return Problem.TOO_LARGE
        if any(entry.flag_bits & 1 for entry in entries):
            return Problem.ENCRYPTED
        names = {entry.filename for entry in entries}
        if "word/document.xml" in names:
            text = "\n".join(_document(docx.Document(io.BytesIO(data))))
        elif "ppt/presentation.xml" in names:
            text = "\n\n".join(_slides(archive))
        elif names & {"xl/workbook.xml", "xl/workbook.bin"} or "content.xml" in names:
            text = _sheets(data)
        else:
            return Problem.UNSUPPORTED
    return shortened(text, limits.text_chars)


def convert_ole(data: bytes, limits: Limits) -> Words | Problem:
    """Return the text of an .xls; other old Office files, and encrypted new ones, have this container, too."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return Problem.ENCRYPTED
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        return Problem.UNSUPPORTED
    return shortened(_sheets(data), limits.text_chars)


def _document(document: Document) -> Iterator[str]:
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            yield _rows([cell.text for cell in row.cells] for row in part.rows)
        elif part.style is not None and (part.style.name or "").startswith("Heading "):
            level = (part.style.name or "").removeprefix("Heading ")
            yield f"{'#' * (int(level) if level.isdecimal() else 1)} {part.text}"
        else:
            yield part.text


def _sheets(data: bytes) -> str:
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = []
    for name in workbook.sheet_names:
        rows = workbook.get_sheet_by_name(name).to_python()
        if rows:
            sheets.append(f"## {name}\n{_rows([str(value) for value in row] for row in rows)}")
    return "\n\n".join(sheets)


def _slides(archive: zipfile.ZipFile) -> Iterator[str]:
    numbered = sorted(
        (int(found[1]), name) for name in archive.namelist() if (found := SLIDE.fullmatch(name))
    )
    for number, name in numbered:
        root = ET.fromstring(archive.read(name))  # noqa: S314 (expat bounds entities; the process has limits)
        paragraphs = (
            "".join(run.text or "" for run in paragraph.iter(f"{_DRAWING}t"))
            for paragraph in root.iter(f"{_DRAWING}p")
        )
        text = "\n".join(paragraph for paragraph in paragraphs if paragraph)
        yield f"## Slide {number}\n{text}"


def _rows(rows: Iterator[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().rstrip("\n")
