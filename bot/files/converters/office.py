"""Office files as text: documents, spreadsheets, presentations."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

import docx
import python_calamine
from docx.document import Document
from docx.text.paragraph import Paragraph

from bot.files.result import Limits, Problem, Words
from bot.files.shorten import shortened

UNPACKED_BYTES_MAX = 200_000_000
ENTRIES_MAX = 10_000
"""A zip bomb declares its size; one that declares a false size fails when it is read."""

COLUMNS_MAX = 63
"""The most columns that Word allows in a table."""

SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_SIGNS = {f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}cr": "\n", f"{_WORD}noBreakHyphen": "-"}
_LEFT_OUT = {
    f"{_WORD}del",
    f"{_WORD}moveFrom",
    f"{_WORD}pPr",  # holds tab stops, named like tabs
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",  # repeats what stands before it
}
"""Elements of a document whose text is deleted or stands elsewhere, too."""


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
        elif names & {"xl/workbook.xml", "xl/workbook.bin"}:
            text = _sheets(data)
        elif "content.xml" in names:
            if "mimetype" in names and b"spreadsheet" not in archive.read("mimetype"):
                return Problem.UNSUPPORTED
            if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read(
                "META-INF/manifest.xml"
            ):
                return Problem.ENCRYPTED
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
    for part in _parts(document.element.body):
        if part.tag == f"{_WORD}tbl":
            yield _rows(list(_cells(row)) for row in _parts(part))
            continue
        style = Paragraph(part, document).style
        name = (style.name or "") if style is not None else ""
        level = name.removeprefix("Heading ")
        heading = "#" * (int(level) if level.isdecimal() else 1) + " " if level != name else ""
        yield heading + _text(part)


def _parts(parent: Any) -> Iterator[Any]:
    """Yield the paragraphs and tables of a body, or the rows of a table, or the cells of a row.

    They may stand within elements that mark an insertion or a content control, which python-docx leaves out.
    """
    for element in parent:
        if element.tag in _PARTS:
            yield element
        elif element.tag not in _LEFT_OUT:
            yield from _parts(element)


_PARTS = {f"{_WORD}{name}" for name in ("p", "tbl", "tr", "tc")}


def _cells(row: Any) -> Iterator[str]:
    for cell in _parts(row):
        yield "\n".join(_text(paragraph) for paragraph in cell.iter(f"{_WORD}p")).strip("\n")
        span = cell.find(f"{_WORD}tcPr/{_WORD}gridSpan")
        columns = span.get(f"{_WORD}val", "1") if span is not None else "1"
        yield from [""] * (min(int(columns), COLUMNS_MAX) - 1 if columns.isdecimal() else 0)


def _text(element: Any) -> str:
    return "".join(_runs(element))


def _runs(parent: Any) -> Iterator[str]:
    for element in parent:
        if element.tag == f"{_WORD}t":
            yield element.text or ""
        elif element.tag in _SIGNS:
            yield _SIGNS[element.tag]
        elif element.tag not in _LEFT_OUT:
            yield from _runs(element)
            if element.tag == f"{_WORD}p":  # of a text box
                yield "\n"


def _sheets(data: bytes) -> str:
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = []
    for name in workbook.sheet_names:
        rows = workbook.get_sheet_by_name(name).to_python()
        if rows:
            sheets.append(f"## {name}\n{_rows([_value(value) for value in row] for row in rows)}")
    return "\n\n".join(sheets)


def _value(value: object) -> str:
    # Spreadsheets know no whole numbers.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


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


def _rows(rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().rstrip("\n")
