"""The encrypted fields of web results: only a value that was made here, for the same address, is accepted."""

from __future__ import annotations

import base64
import binascii
import hashlib

MARK = "local"


def sealed(kind: str, url: str, text: str) -> str:
    """The value of `encrypted_content` or `encrypted_index` for an address."""
    body = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return f"{_proof(kind, url, body)}.{body}"


def is_sealed(kind: str, url: str, value: str) -> bool:
    """Whether a value was made by `sealed` for this address, and is unchanged."""
    proof, _, body = value.partition(".")
    return proof == _proof(kind, url, body)


def opened(value: str) -> str:
    """The text that a value stands for; the value itself if it was not made here."""
    try:
        return base64.b64decode(value.partition(".")[2], validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        return value


def _proof(kind: str, url: str, body: str) -> str:
    return hashlib.blake2b(f"{MARK}\0{kind}\0{url}\0{body}".encode(), digest_size=12).hexdigest()
