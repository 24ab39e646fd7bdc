"""What web search answers about a page, and what cites it."""

from __future__ import annotations

from .sealed import sealed
from .steps import Json, Page

INDEX_CHARACTERS = 40


def web_result(page: Page) -> Json:
    """One result of a web search."""
    return {
        "type": "web_search_result",
        "url": page.url,
        "title": page.title,
        "page_age": page.page_age,
        "encrypted_content": sealed("content", page.url, page.text or page.title),
    }


def web_citation(page: Page, cited_text: str) -> Json:
    """The citation of a result of a web search."""
    return {
        "type": "web_search_result_location",
        "url": page.url,
        "title": page.title,
        "encrypted_index": sealed("index", page.url, cited_text[:INDEX_CHARACTERS]),
        "cited_text": cited_text,
    }
