"""How a person is named to Anthropic."""

from __future__ import annotations

import hashlib
import hmac


def pseudonym(person: int, secret: bytes) -> str:
    """Return the `metadata.user_id` of a person: a hash without personal data (Anthropic, Messages API)."""
    return hmac.new(secret, str(person).encode(), hashlib.sha256).hexdigest()[:32]
