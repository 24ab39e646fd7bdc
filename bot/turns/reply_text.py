"""The text of one turn's reply as it arrives: without its title, with links behind what is cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.conversation import reply_wording
from bot.conversation.citations import CitedText, WebSource
from bot.conversation.consulted import Consulted
from bot.conversation.content import Block
from bot.conversation.errors import BobbinError
from bot.conversation.request import Finished
from bot.conversation.server_calls import cited_pages, consulted_of, fetched_pages, made_files
from bot.conversation.title import TitleReader
from bot.conversation.visible import is_blank

OPEN_ENDS = ("max_tokens", "pause_turn")
"""The stop reasons after which a reply may be continued: the list of its sources waits for its end."""


class ReplyText:
    """Takes the text of a turn's requests, and passes on to `push` what people see.

    `settle_title` is called with the title that the text begins with, None without one. `consulted` is what the turn
    has consulted, `made_files` are the ids of the files that its code has made.
    """

    def __init__(
        self,
        push: Callable[[str], None],
        settle_title: Callable[[str | None], None],
        title: TitleReader,
        cited: CitedText,
    ) -> None:
        self._push = push
        self._settle_title = settle_title
        self._cited = cited
        self._parts: list[str] = []
        self.title = title
        self.consulted: tuple[Consulted, ...] = ()
        self.made_files: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def feed(self, delta: str) -> None:
        """Add text as it came."""
        self._show(self.title.feed(delta))

    def cite(self, sources: Sequence[WebSource]) -> None:
        """Put links behind the text that has just ended."""
        links = self._cited.cite(sources)
        self._put(links if self.title.is_settled else "")

    def resume(self, text: str, said: Sequence[Block]) -> None:
        """Take up the text of an earlier attempt, which has its links, and what Claude `said` with it."""
        self._settle_title(None)
        self.title = TitleReader(expected=False)
        self._take(said)
        self._cited.cite(cited_pages(said))
        self._put(text)

    def ended(self, end: Finished | BobbinError) -> None:
        """Take what the requests of a reply have brought; one has just ended."""
        self._put(self._cited.end())
        if isinstance(end, Finished):
            self._take(end.blocks)
            self.consulted = (*self.consulted, *consulted_of(end.blocks))

    def close(self, end: Finished | BobbinError) -> None:
        """End the reply: the list of its sources stands below it."""
        self._show(self.title.end(complete=isinstance(end, Finished) and end.stop_reason == "end_turn"))
        is_done = isinstance(end, Finished) and end.stop_reason == "end_turn"
        if self.made_files and is_done and is_blank(self.text):
            self._put(reply_wording.FILES_ALONE)  # a reply without a text would not be shown
        is_open = isinstance(end, Finished) and end.stop_reason in OPEN_ENDS
        listed = "" if is_open or is_blank(self.text) else self._cited.listed()
        self._put(f"\n\n{listed}" if listed else self._cited.end())

    def _take(self, blocks: Sequence[Block]) -> None:
        self._cited.read(fetched_pages(blocks))
        self.made_files = tuple(dict.fromkeys((*self.made_files, *made_files(blocks))))

    def _show(self, text: str) -> None:
        if self.title.is_settled:
            self._settle_title(self.title.title)
        self._put(self._cited.feed(text) if text else "")

    def _put(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._push(text)
