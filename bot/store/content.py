"""Content at rest: texts, names and files are encrypted in Redis where keys are set.

The client (`counted.py`) is the one place at which content is encrypted and decrypted: what is to be encrypted is
sent as a `Content`, and what was stored encrypted comes back as a `Content` that carries its stored form. So a script
that compares with what was read gets the stored form, whichever key has written that. Plain and encrypted texts are
read alike, so that keys can be set, and changed, on a live store. Ids and numbers stay readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import structlog

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

log = structlog.get_logger()

MARK = "\x1e"
"""What every encrypted text begins with; then its length, ":", and a token of Fernet. No other text begins so."""

CACHE_CHARS = 16_000_000
"""How much of the latest texts is kept decrypted: every turn reads the whole window again, which hardly changes."""

MOST_CACHED_CHARS = 100_000
"""The longest text that is kept; bytes of files are longer."""


class Content(str):
    """A text that people, their files or Claude have written; `stored` is what Redis holds, "" for a new text."""

    __slots__ = ("stored",)

    stored: str

    def __new__(cls, text: str, stored: str = "") -> Self:
        """Make a content; a text of people cannot pass for an encrypted one."""
        content = super().__new__(cls, text.lstrip(MARK))
        content.stored = stored
        return content

    def __str__(self) -> str:
        """Keep the stored form, where a value of Redis is read as a text."""
        return self


class Cipher:
    """Encrypts with the first key, decrypts with any; without keys everything is written plain."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._fernet: MultiFernet | None = None
        self._told = False
        self._opened: dict[str, Content] = {}
        self._opened_chars = 0
        if keys:
            from cryptography.fernet import Fernet, MultiFernet

            self._fernet = MultiFernet([Fernet(key) for key in keys])

    def sealed(self, argument: Any) -> Any:
        """Return an argument of a command as it is stored."""
        if not isinstance(argument, Content):
            return argument
        if argument.stored:
            return argument.stored
        if not argument or self._fernet is None:
            return argument
        token = self._fernet.encrypt(argument.encode("utf-8", "surrogatepass")).decode()
        return f"{MARK}{len(argument)}:{token}"

    def opened(self, reply: Any) -> Any:
        """Return an answer of Redis with its contents decrypted; what no key decrypts stays as it is stored."""
        if isinstance(reply, str):
            return self._open(reply) if reply.startswith(MARK) else reply
        if isinstance(reply, list):
            return [self.opened(each) for each in reply]
        if isinstance(reply, dict):
            return {name: self.opened(value) for name, value in reply.items()}
        if isinstance(reply, tuple):
            return tuple(self.opened(each) for each in reply)
        return reply

    def _open(self, stored: str) -> str:
        content = self._opened.pop(stored, None) or self._decrypted(stored)
        if content is not None:
            if len(stored) <= MOST_CACHED_CHARS:
                self._keep(content)
            return content
        if not self._told:
            self._told = True
            log.error(
                "content_not_decrypted",
                hint="Redis holds content that no key of privacy.keys decrypts: add the earlier key to the end of "
                "privacy.keys; nothing is deleted meanwhile",
            )
        return stored

    def _decrypted(self, stored: str) -> Content | None:
        if self._fernet is None:
            return None
        from cryptography.fernet import InvalidToken

        try:
            text = self._fernet.decrypt(stored.partition(":")[2])
        except InvalidToken:
            return None
        self._opened_chars += len(stored) if len(stored) <= MOST_CACHED_CHARS else 0
        return Content(text.decode("utf-8", "surrogatepass"), stored)

    def _keep(self, content: Content) -> None:
        """Keep a text as the latest used; the texts that were used least recently go."""
        self._opened[content.stored] = content
        while self._opened_chars > CACHE_CHARS:
            oldest = next(iter(self._opened))
            del self._opened[oldest]
            self._opened_chars -= len(oldest)


class AsStored(Cipher):
    """Neither encrypts nor decrypts, for whoever copies what is stored."""

    def opened(self, reply: Any) -> Any:
        """Return an answer of Redis as it is."""
        return reply


def is_sealed(text: str) -> bool:
    """Whether a text is an encrypted content that no key decrypts."""
    return text.startswith(MARK)
