"""The state of the connection to Discord's gateway, and why it is not connected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import structlog

log = structlog.get_logger()


class GatewayState(StrEnum):
    """The states, the best first; with several shards the worst of them counts."""

    CONNECTED = "connected"
    BACKFILLING = "backfilling"
    """Connected; the messages that were missed are being looked for."""
    CONNECTING = "connecting"
    """Logging in, or connecting for the first time."""
    TRANSIENT_DISCONNECT = "transient_disconnect"
    """The connection is lost, and is being made again."""
    STOPPED = "stopped"
    MISSING_INTENT = "missing_intent"
    BAD_CREDENTIALS = "bad_credentials"
    UNKNOWN_ERROR = "unknown_error"
    """Discord closed the connection for good, for another reason."""


class GatewayReason(StrEnum):
    """Why the gateway is in its state; a label in the metrics."""

    NONE = ""
    LOGIN = "login"
    RATE_LIMITED = "rate_limited"
    """Discord limits the requests of this address, or the connection attempts."""
    DISCORD_UNAVAILABLE = "discord_unavailable"
    """Discord cannot be reached, or answers with a 5xx."""
    CONNECTION_LOST = "connection_lost"
    RECONNECT_REQUESTED = "reconnect_requested"
    SESSION_INVALID = "session_invalid"
    GATEWAY_SILENT = "gateway_silent"
    """The gateway accepts connections and sends nothing."""
    NO_HEARTBEAT = "no_heartbeat"
    """Nothing was heard on a connection, not even an answer to heartbeats."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105
    INTENT_REFUSED = "intent_refused"
    CLOSED_FOR_GOOD = "closed_for_good"
    SHUTDOWN = "shutdown"


FINAL = frozenset(
    {
        GatewayState.STOPPED,
        GatewayState.MISSING_INTENT,
        GatewayState.BAD_CREDENTIALS,
        GatewayState.UNKNOWN_ERROR,
    }
)
"""The states that the process does not leave by itself."""

READY = frozenset({GatewayState.CONNECTED, GatewayState.BACKFILLING})
"""The states in which messages are received."""


@dataclass(frozen=True, slots=True)
class GatewayCondition:
    """A state with its reason, and the time of a monotonic clock at which it began."""

    state: GatewayState
    reason: GatewayReason
    since_s: float


class GatewayHealth:
    """Holds the state of each shard; 0 is the shard of a bot without shards.

    Read by the thread of the health server; each change replaces one frozen value.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shards: dict[int, GatewayCondition] = {}
        self._began = GatewayCondition(GatewayState.CONNECTING, GatewayReason.LOGIN, clock())

    @property
    def condition(self) -> GatewayCondition:
        """The condition of the shard that is worst off."""
        order = list(GatewayState)
        return max(
            tuple(self._shards.values()), key=lambda each: order.index(each.state), default=self._began
        )

    def expect(self, shards: Iterable[int]) -> None:
        """Set which shards there are: a shard that has not connected yet counts as well."""
        self._shards = {shard: self._shards.get(shard, self._began) for shard in shards}

    def state(self, shard: int = 0) -> GatewayState:
        """Return the state of a shard."""
        return self._shards.get(shard, self._began).state

    def change(
        self, state: GatewayState, reason: GatewayReason = GatewayReason.NONE, *, shard: int = 0
    ) -> None:
        """Set the state of a shard; a final state stays, and what was connected before is disconnected for now."""
        before = self._shards.get(shard, self._began)
        if state is GatewayState.CONNECTING and before.state is not GatewayState.CONNECTING:
            state = GatewayState.TRANSIENT_DISCONNECT
        if before.state in FINAL or (before.state, before.reason) == (state, reason):
            return
        self._shards = {**self._shards, shard: GatewayCondition(state, reason, self._clock())}
        log.info("gateway_state_changed", state=state.value, reason=reason.value, shard=shard)

    def lost(self, reason: GatewayReason, *, shard: int = 0) -> None:
        """Note that a connection is lost, or could not be made."""
        self.change(GatewayState.CONNECTING, reason, shard=shard)

    def established(self, *, shard: int = 0) -> None:
        """Note that READY or RESUMED has arrived: missed messages are looked for next."""
        self.change(GatewayState.BACKFILLING, shard=shard)

    def backfilled(self) -> None:
        """Note that the missed messages of all shards were found."""
        for shard, each in self._shards.items():
            if each.state is GatewayState.BACKFILLING:
                self.change(GatewayState.CONNECTED, shard=shard)
