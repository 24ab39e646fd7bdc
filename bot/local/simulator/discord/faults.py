"""Scripted faults: kind, route and count, decided before a request is processed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["status", "reset", "reset_after", "delay", "error", "ratelimit", "ban", "garble"]


@dataclass(slots=True)
class Fault:
    """One scripted fault. Routes are matched whole or in part against paths such as `/channels/123/messages`.

    - `status`: answer with `status` (500, 502, 503, …) without doing the work
    - `reset`: close the socket before the work; `reset_after`: do the work, then close it without an answer
    - `delay`: wait `delay_s` before the work
    - `error`: answer with a Discord error of `status` and `code`
    - `ratelimit`: answer 429 with `retry_after_s` and `scope` (`user`, `shared`, `global`); `cloudflare` is the ban
      of an address, with neither `Via` nor JSON, as it is not Discord's own answer (topics/rate-limits)
    - `ban`: the same for each request from the first one on until that time is over; `struck` counts them all
    - `garble`: do the work, then answer with the result of `garble`, which differs from the documentation
    """

    action: Action
    method: str | None = None
    route: re.Pattern[str] | None = None
    # The remaining number of requests; None for all.
    times: int | None = 1
    # The number of matching requests before the fault begins.
    after: int = 0
    only_token: str | None = None
    status: int = 500
    code: int = 0
    message: str = ""
    delay_s: float = 0.0
    retry_after_s: float = 1.0
    scope: str = "user"
    garble: Callable[[Any], Any] | None = None
    # The number of requests that met the fault.
    struck: int = field(default=0, init=False)
    # When a ban ends; None until it has begun.
    ends: float | None = field(default=None, init=False)

    def matches(self, method: str, path: str, token: str | None) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        if self.route is not None and self.route.search(path) is None:
            return False
        return self.only_token is None or self.only_token == token


class Faults:
    """The pending faults, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.gateway = GatewayFaults()

    def add(
        self,
        *,
        action: Action,
        method: str | None = None,
        route: str | None = None,
        times: int | None = 1,
        after: int = 0,
        only_token: str | None = None,
        status: int = 500,
        code: int = 0,
        message: str = "",
        delay_s: float = 0.0,
        retry_after_s: float = 1.0,
        scope: str = "user",
        garble: Callable[[Any], Any] | None = None,
    ) -> Fault:
        """Script a fault; see `Fault`. `route` is a regular expression searched for in the path."""
        pattern = None if route is None else re.compile(route)
        fault = Fault(
            action,
            method,
            pattern,
            times,
            after,
            only_token,
            status,
            code,
            message,
            delay_s,
            retry_after_s,
            scope,
            garble,
        )
        self._waiting.append(fault)
        return fault

    def swallow_events(self, count: int, only: str | None = None) -> None:
        """Never deliver nor replay the next events (of that name)."""
        self.gateway.swallowing, self.gateway.only = count, only

    def double_events(self, count: int, only: str | None = None) -> None:
        """Deliver the next events (of that name) twice."""
        self.gateway.doubling, self.gateway.only = count, only

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()
        self.gateway.swallowing = self.gateway.doubling = self.gateway.muted = 0
        self.gateway.closing.clear()

    def strike(self, method: str, path: str, token: str | None, now: float = 0.0) -> list[Fault]:
        """The faults for a request: delays add up; the first fault of another kind ends the list."""
        struck: list[Fault] = []
        for fault in list(self._waiting):
            if not fault.matches(method, path, token):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.action == "ban":
                fault.ends = now + fault.retry_after_s if fault.ends is None else fault.ends
                if now >= fault.ends:
                    self._waiting.remove(fault)
                    continue
            fault.struck += 1
            if fault.times is not None and fault.action != "ban":
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            struck.append(fault)
            if fault.action != "delay":
                break
        return struck


@dataclass(slots=True)
class GatewayFaults:
    """Faults of events: the next `swallowing` are never delivered nor replayed, the next `doubling`
    are delivered twice. `only` limits both to an event name."""

    swallowing: int = 0
    # The number of IDENTIFY and RESUME without an answer; heartbeats are answered.
    muted: int = 0
    # The close code that every IDENTIFY and RESUME of an application meets, by its token.
    closing: dict[str, int] = field(default_factory=dict)
    doubling: int = 0
    only: str | None = None

    def copies(self, name: str) -> int:
        """How often this event is delivered."""
        if self.only is not None and self.only != name:
            return 1
        if self.swallowing > 0:
            self.swallowing -= 1
            return 0
        if self.doubling > 0:
            self.doubling -= 1
            return 2
        return 1
