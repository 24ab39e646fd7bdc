"""Plain makers of the steps that tests script: calls of server tools, and text that cites their results."""

from __future__ import annotations

from .gate import Gate
from .steps import MadeFile, Page, ServerToolUse, Text
from .text import cut
from .web_results import web_citation


def web_search(
    query: str,
    *pages: Page,
    error: str | None = None,
    later: bool = False,
    silence_s: float = 0.0,
    gate: Gate | None = None,
) -> ServerToolUse:
    """A call of web search that finds the pages."""
    return ServerToolUse(
        "web_search", {"query": query}, pages, error=error, later=later, silence_s=silence_s, gate=gate
    )


def web_fetch(
    url: str,
    page: Page | None = None,
    *,
    error: str | None = None,
    later: bool = False,
    silence_s: float = 0.0,
    gate: Gate | None = None,
) -> ServerToolUse:
    """A call of web fetch that reads the page; without a page or an error, a page of a few words."""
    read = page or Page(url, "A page", "The words of a page.")
    return ServerToolUse(
        "web_fetch", {"url": url}, (read,), error=error, later=later, silence_s=silence_s, gate=gate
    )


def bash(
    command: str,
    stdout: str = "",
    *,
    stderr: str = "",
    return_code: int = 0,
    files: tuple[MadeFile, ...] = (),
    error: str | None = None,
    later: bool = False,
    silence_s: float = 0.0,
    gate: Gate | None = None,
) -> ServerToolUse:
    """A call of code execution that runs a command and returns its output and files."""
    output = {"stdout": stdout, "stderr": stderr, "return_code": return_code}
    return ServerToolUse(
        "bash_code_execution",
        {"command": command},
        output=output,
        files=files,
        error=error,
        later=later,
        silence_s=silence_s,
        gate=gate,
    )


def create_file(path: str, text: str, *, error: str | None = None) -> ServerToolUse:
    """A call of code execution that writes a file in the container."""
    given = {"command": "create", "path": path, "file_text": text}
    return ServerToolUse("text_editor_code_execution", given, error=error)


def cited(text: str, page: Page, cited_text: str | None = None) -> Text:
    """A text that cites a page which web search found."""
    return Text(cut(text), (web_citation(page, cited_text or page.text or page.title),))
