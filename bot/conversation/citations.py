"""Citations of web pages as numbered links in a reply, and the list of sources below it; pure.

The text with its links is the text of the reply: it is shown, and the history holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from bot.conversation.visible import plain, unforged

ADDRESS_CHARS = 400
"""The most characters of an address in a link; of a longer one the link leads to the path, or to the site."""

TITLE_CHARS = 60
"""The most characters of a title in the list of sources."""

LISTED = 10
"""The most sources in a list; their links in the text stay."""

LIST_CHARS = 1500
"""The most characters of a list, so that it fits into one message with the end of the reply."""

# Characters that an address may hold within <> in a link without ending it or beginning other Markdown.
_IN_ADDRESS = "%/:?#@!&+,;=-._~"
_LINK = re.compile(r"\[\[(\d{1,4})\]\]\(<([^<>\s]{1,2000})>\)")
_FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)
_INVITE = re.compile(r"(discord(?:app)?\.(?:gg|com/invite))/", re.IGNORECASE)
_LOOK_ALIKES = str.maketrans(
    {
        "[": "(",
        "]": ")",
        "<": "(",
        ">": ")",
        "@": "＠",
        "&": "＆",
        "`": "'",
        "*": "∗",
        "_": "‗",
        "~": "∼",
        "|": "¦",
        "\\": "∖",
        "$": "＄",
        "#": "＃",
    }
)
"""What would be Markdown, a mention or an entity in a title, and what stands in its place."""


@dataclass(frozen=True, slots=True)
class WebSource:
    """A page: its address as the API names it, and its title."""

    url: str
    title: str = ""


def cited_sources(citations: Iterable[Any]) -> tuple[WebSource, ...]:
    """Return the pages that the citations of a text name, each once.

    Citations of documents name a title alone: that of a page that was fetched, or of a file, see `named`.
    """
    found: dict[str, WebSource] = {}
    for each in citations:
        if isinstance(each, Mapping):
            url, title = each.get("url") or each.get("source"), each.get("title")
            document = each.get("document_title")
            if isinstance(url, str):
                found.setdefault(url, WebSource(url, title if isinstance(title, str) else ""))
            elif isinstance(document, str):
                found.setdefault(f"document {document}", WebSource("", document))
    return tuple(found.values())


def named(source: WebSource, fetched: Iterable[WebSource]) -> WebSource:
    """Return a source with its address; that of a document is the address of the one page with its title."""
    pages = {} if source.url else {each.url: each for each in fetched if each.title == source.title}
    return next(iter(pages.values())) if len(pages) == 1 else source


def address(url: str) -> str | None:
    """Return an address that can stand in a link, None for one that is no plain web address."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    # A user name in front of the host would make the address look like that of another site.
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc or ":" in host:
        return None
    site = f"{quote(host, safe='.-')}{port}"
    shorter = (
        parts._replace(netloc=site),
        parts._replace(netloc=site, query="", fragment=""),
        parts._replace(netloc=site, path="/", query="", fragment=""),
    )
    links = (quote(urlunsplit(each), safe=_IN_ADDRESS) for each in shorter)
    return next((link for link in links if len(link) <= ADDRESS_CHARS), None)


class CitedText:
    """The text of one turn's reply while it is written: links are put behind what they belong to.

    Pages are numbered by address, over the whole turn; those that were `fetched` and are not cited are named in the
    list below. `before` is the text of a reply that goes on: its numbers stay.
    """

    def __init__(self, before: str = "", *, is_on: bool = True) -> None:
        self._is_on = is_on
        self._numbers: dict[str, int] = {link: int(number) for number, link in _LINK.findall(before)}
        self._sources: dict[str, WebSource] = {}
        self._fetched: dict[str, WebSource] = {}
        self._held = ""
        self._fences = 0
        self._line = ""

    def feed(self, text: str) -> str:
        """Return the text that is to be shown now: blanks at its end wait, a link belongs before them."""
        if not self._is_on:
            return text
        whole = self._held + text
        shown = whole.rstrip()
        self._held = whole[len(shown) :]
        lines = (self._line + whole[len(whole) - len(text) :]).split("\n")
        self._fences += sum(_FENCE.match(line) is not None for line in lines[:-1])
        self._line = lines[-1][-200:]
        return shown

    def cite(self, sources: Sequence[WebSource]) -> str:
        """Return the links of a text that has just ended; none within a code block, which would show them."""
        links = dict.fromkeys(link for source in sources if (link := self._known(source)) is not None)
        in_code = self._fences % 2 == 1 or _FENCE.match(self._line) is not None
        if in_code or not self._is_on:
            return ""
        return "".join(f" [[{self._numbers[link]}]](<{link}>)" for link in links)

    def read(self, sources: Iterable[WebSource]) -> None:
        """Note pages that were fetched."""
        for source in sources:
            if (link := address(source.url)) is not None:
                self._fetched.setdefault(link, source)

    def end(self) -> str:
        """Return the blanks that wait, where a text has ended."""
        held, self._held = self._held, ""
        return held

    def listed(self) -> str:
        """Return the list of sources, which stands below the reply; empty without any."""
        cited = [
            _entry(f"[{self._numbers[link]}]", link, source)
            for link, source in sorted(self._sources.items(), key=lambda item: self._numbers[item[0]])
        ]
        fetched = [
            _entry("read", link, source)
            for link, source in self._fetched.items()
            if link not in self._sources
        ]
        entries = cited + fetched
        shown: list[str] = []
        for entry in entries[:LISTED]:
            if sum(map(len, shown)) + len(entry) > LIST_CHARS:
                break
            shown.append(entry)
        if not shown:
            return ""
        more = len(entries) - len(shown)
        return f"-# Sources: {' · '.join(shown)}" + (f" · and {more} more" if more else "")

    def _known(self, source: WebSource) -> str | None:
        source = named(source, self._fetched.values())
        if (link := address(source.url)) is None:
            return None  # also that of a file, which people see in the thread
        self._sources.setdefault(link, source)
        self._numbers.setdefault(link, max(self._numbers.values(), default=0) + 1)
        return link


def plain_title(title: str) -> str:
    """Return a title as one bounded line that is neither Markdown nor a mention nor a link.

    Nor does it imitate an element: the history holds the list of sources as a part of the reply.
    """
    line = unforged(plain(title)).replace("&lt;", "(").translate(_LOOK_ALIKES)
    line = _INVITE.sub(r"\1 /", line.replace("://", ": "))
    line = " ".join(line.split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _entry(name: str, link: str, source: WebSource) -> str:
    host = plain_title(urlsplit(link).hostname or "")
    title = plain_title(source.title)
    return f"[{name}](<{link}>) " + (f"{title} ({host})" if title and title != host else host)
