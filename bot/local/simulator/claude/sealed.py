"""The encrypted fields of web results: only the text that was made here, for the same address, is accepted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .steps import Page

MARK = "local"


def sealed(kind: str, url: str, text: str) -> str:
    """The value of `encrypted_content` or `encrypted_index` for an address; long as the text that it stands for."""
    body = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return f"{_proof(kind, url, body)}.{body}"


def is_sealed(kind: str, url: str, value: str) -> bool:
    """Whether a value was made by `sealed` for this address, and is unchanged."""
    proof, _, body = value.partition(".")
    return proof == _proof(kind, url, body)


def web_result(page: Page) -> dict[str, Any]:
    """One result of a web search."""
    return {
        "type": "web_search_result",
        "url": page.url,
        "title": page.title,
        "page_age": page.page_age,
        "encrypted_content": sealed("content", page.url, page.text or page.title),
    }


def web_citation(page: Page, cited_text: str) -> dict[str, Any]:
    """The citation of a result of a web search."""
    return {
        "type": "web_search_result_location",
        "url": page.url,
        "title": page.title,
        "encrypted_index": sealed("index", page.url, cited_text[:40]),
        "cited_text": cited_text,
    }


def _proof(kind: str, url: str, body: str) -> str:
    return hashlib.blake2b(f"{MARK}\0{kind}\0{url}\0{body}".encode(), digest_size=12).hexdigest()
