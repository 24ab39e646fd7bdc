"""Whether Redis and Claude answer, as the bot's own calls show; shown as the bot's presence."""

from __future__ import annotations

from bot.telemetry.metrics import OTHER, STOP_REASONS

FAILURES = 3
"""So many attempts in a row fail before Claude counts as away: single failures are repeated, and pass."""

AWAY = {
    "ClaudeBusy": "Claude is overloaded",
    "ClaudeUnreachable": "Claude cannot be reached",
}
"""The outcomes that pass by themselves."""

UNUSABLE = {
    "ClaudeKeyRefused": "Claude refuses my key",
    "ClaudeAccountDisabled": "Claude refuses my account",
    "ClaudeSpendLimit": "my budget at Claude is spent",
    "ClaudeWrongAddress": "there is no Claude at my address",
}
"""The outcomes that stay until the operator acts."""

ANSWERS_ONLY = frozenset({"ClaudeSpendLimit"})
"""The outcomes that only an answer ends: the list of models costs nothing and is never refused."""

REDIS_AWAY = "my Redis is away"


class ServiceHealth:
    """The state of both services. Outcomes are those of the metric `bobbin_claude_requests`."""

    def __init__(self) -> None:
        self.redis_is_suspect = False
        self._redis_is_away = False
        self._failures = 0
        self._outcome = ""

    @property
    def reason(self) -> str:
        """Why the bot cannot answer now, "" if it can."""
        if self._redis_is_away:
            return REDIS_AWAY
        return self.claude_reason

    @property
    def claude_reason(self) -> str:
        """Why Claude does not answer, "" if Claude does."""
        if self._outcome in UNUSABLE:
            return UNUSABLE[self._outcome]
        return AWAY.get(self._outcome, "") if self._failures >= FAILURES else ""

    @property
    def may_ask_for_models(self) -> bool:
        """Whether a list of models would show that Claude is back."""
        return bool(self.claude_reason) and self._outcome not in ANSWERS_ONLY

    def redis_failed(self) -> None:
        """Note that a command failed after all tries."""
        self.redis_is_suspect = True

    def redis_pinged(self, *, answered: bool) -> None:
        """Note the result of a ping."""
        self._redis_is_away = self.redis_is_suspect = not answered

    def claude_ended(self, outcome: str) -> None:
        """Note the outcome of an attempt: a stop reason, or the name of an error class."""
        if outcome in STOP_REASONS or outcome == OTHER:
            self.claude_is_back()
        elif outcome in AWAY or outcome in UNUSABLE:
            self._failures += 1
            self._outcome = outcome

    def claude_is_back(self) -> None:
        """Note that Claude answers."""
        self._failures, self._outcome = 0, ""
