"""The code of a receipt: it says by itself whom it is for and up to which message that person was forgotten. Pure.

So a receipt can be verified that the store does not know any more, because it went back to an earlier state.
"""

from __future__ import annotations

import hashlib
import hmac
import re

PROOF_CHARS = 8
"""Nobody but the person can use the code, and only to have themselves forgotten."""

_CODE = re.compile(rf"([0-9a-f]{{1,16}})([0-9a-f]{{{PROOF_CHARS}}})")


def receipt_code(person: int, before: int, secret: bytes) -> str:
    """Return the code of the receipt of a person who was forgotten up to the id `before`."""
    return f"{before:x}{_proof(person, before, secret)}"


def read_code(code: str, person: int, secret: bytes) -> int | None:
    """Return up to which id a person was forgotten, None if the code is no such code of theirs."""
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    before = int(found[1], 16)
    return before if hmac.compare_digest(found[2], _proof(person, before, secret)) else None


def _proof(person: int, before: int, secret: bytes) -> str:
    return hmac.new(secret, f"forget {person} {before}".encode(), hashlib.sha256).hexdigest()[:PROOF_CHARS]
