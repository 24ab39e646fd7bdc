"""The names of effects: by the turn, the tool, its input, and how often that came before."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from bot.conversation.content import ToolUse
from bot.store.claim import Claim


class EffectKeys:
    """Names the effects of the calls of a turn, in their order.

    An attempt that asks Claude anew, and gets the same call under another id, makes no second effect.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._seen = Counter[str]()

    def of(self, call: ToolUse) -> str:
        """Name the effect of the next call."""
        same = json.dumps([call.name, json.loads(call.input)], sort_keys=True)
        self._seen[same] += 1
        named = f"{self._claim.turn_id} {self._claim.attempt.regeneration} {self._seen[same]} {same}"
        return hashlib.sha256(named.encode()).hexdigest()[:24]
