"""PDFs: counted, cut to their first pages, without a password that is empty."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError

from bot.files.result import Limits, Pages, Problem

BYTES_MAX = 20_000_000
"""A request may have 32 MB, and base64 takes four thirds of the bytes (Anthropic, "PDF support")."""


def convert(data: bytes, limits: Limits) -> Pages | Problem:
    """Return the PDF, cut to the pages that are allowed."""
    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            return Problem.ENCRYPTED
    except (NotImplementedError, DependencyError):
        return Problem.ENCRYPTED
    count = len(reader.pages)
    if count == 0:
        return Problem.EMPTY
    if count > limits.pdf_pages or reader.is_encrypted:
        data = _first(reader, min(count, limits.pdf_pages))
    if len(data) > BYTES_MAX:
        return Problem.TOO_LARGE
    return Pages(data, min(count, limits.pdf_pages), count)


def _first(reader: PdfReader, pages: int) -> bytes:
    writer = PdfWriter()
    for number in range(pages):
        writer.add_page(reader.pages[number])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
