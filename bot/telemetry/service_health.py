"""Whether Redis and Claude answer, as the bot's own calls show; shown as the bot's presence, and at /readyz."""

from __future__ import annotations

from enum import StrEnum

from bot.telemetry.metrics import OTHER, STOP_REASONS


class ServiceState(StrEnum):
    """The state of Redis or of Claude; where both have the same meaning, the name is that of a GatewayState."""

    CONNECTING = "connecting"
    """The service has not answered since the start."""
    CONNECTED = "connected"
    TRANSIENT_DISCONNECT = "transient_disconnect"
    """The service does not answer, and is asked again."""
    BAD_CREDENTIALS = "bad_credentials"
    UNUSABLE = "unusable"
    """The operator has to act."""


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

NO_ANSWER = "no_answer"

REDIS_AWAY = "my Redis is away"

REDIS_CONDITIONS = {
    "": (ServiceState.TRANSIENT_DISCONNECT, NO_ANSWER, REDIS_AWAY),
    "LOADING": (ServiceState.TRANSIENT_DISCONNECT, "loading", "my Redis is reading its data"),
    "MASTERDOWN": (ServiceState.TRANSIENT_DISCONNECT, "primary_lost", "my Redis has lost its primary"),
    "READONLY": (ServiceState.TRANSIENT_DISCONNECT, "read_only", "my Redis is a read-only replica"),
    "NOREPLICAS": (ServiceState.TRANSIENT_DISCONNECT, "too_few_replicas", "my Redis has too few replicas"),
    "CLUSTERDOWN": (ServiceState.TRANSIENT_DISCONNECT, "cluster_down", "my Redis Cluster is incomplete"),
    "OOM": (ServiceState.TRANSIENT_DISCONNECT, "memory_full", "the memory of my Redis is full"),
    "MISCONF": (ServiceState.TRANSIENT_DISCONNECT, "disk_failed", "my Redis cannot write to its disk"),
    "NOAUTH": (ServiceState.BAD_CREDENTIALS, "password_refused", "my Redis refuses my password"),
    "WRONGPASS": (ServiceState.BAD_CREDENTIALS, "password_refused", "my Redis refuses my password"),
    "NOPERM": (ServiceState.BAD_CREDENTIALS, "rights_missing", "I lack rights in my Redis"),
}
"""The state, the reason for machines and the reason for people, by the code of the answer; "" is no answer.

A code that is not listed counts as no answer.
"""

CONDITIONS = {
    "ClaudeBusy": (ServiceState.TRANSIENT_DISCONNECT, "overloaded"),
    "ClaudeUnreachable": (ServiceState.TRANSIENT_DISCONNECT, NO_ANSWER),
    "ClaudeKeyRefused": (ServiceState.BAD_CREDENTIALS, "key_refused"),
    "ClaudeAccountDisabled": (ServiceState.BAD_CREDENTIALS, "account_disabled"),
    "ClaudeSpendLimit": (ServiceState.UNUSABLE, "spend_limit"),
    "ClaudeWrongAddress": (ServiceState.UNUSABLE, "wrong_address"),
}
"""The state and the reason for machines, by the outcome."""


class ServiceHealth:
    """The state of both services. Outcomes are those of the metric `bobbin_claude_requests`."""

    def __init__(self) -> None:
        self.redis_is_suspect = False
        self._redis_refusal: str | None = None
        self._failures = 0
        self._outcome = ""
        self._has_started = False

    def started(self) -> None:
        """Note that both services have answered at the start."""
        self._has_started = True
        self.redis_tried(None)

    @property
    def redis(self) -> tuple[ServiceState, str]:
        """The state of Redis, and the reason for machines."""
        if self._redis_refusal is None:
            return self._working
        state, reason, _ = _redis_condition(self._redis_refusal)
        return state if self._has_started else ServiceState.CONNECTING, reason

    @property
    def claude(self) -> tuple[ServiceState, str]:
        """The state of Claude, and the reason for machines."""
        return CONDITIONS[self._outcome] if self.claude_reason else self._working

    @property
    def _working(self) -> tuple[ServiceState, str]:
        return (ServiceState.CONNECTED if self._has_started else ServiceState.CONNECTING), ""

    @property
    def reason(self) -> str:
        """Why the bot cannot answer now, "" if it can."""
        if self._redis_refusal is not None:
            return _redis_condition(self._redis_refusal)[2]
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

    def redis_tried(self, refusal: str | None) -> None:
        """Note the result of a trial: the code of the refusal, "" if there was no answer, None if Redis serves."""
        self._redis_refusal = refusal
        self.redis_is_suspect = refusal is not None

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


def _redis_condition(code: str) -> tuple[ServiceState, str, str]:
    return REDIS_CONDITIONS.get(code, REDIS_CONDITIONS[""])
