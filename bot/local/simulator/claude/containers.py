"""The containers in which code execution runs.

Anthropic, "Code execution tool": a request without a container gets a new one; after five idle minutes a container
is checkpointed and its next request restores it; 30 days after its start it is gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .failures import Failure, refused

IDLE_S = 300.0
LIFE_S = 30 * 24 * 3600.0


@dataclass(slots=True)
class Container:
    """One container; times are the server's clock, in seconds."""

    id: str
    workspace: str
    dies_at: float

    def described(self) -> dict[str, Any]:
        """The container as a response names it; `expires_at` is the shorter, rolling moment."""
        idle = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=IDLE_S)
        return {"id": self.id, "expires_at": idle.strftime("%Y-%m-%dT%H:%M:%SZ"), "skills": None}


class Containers:
    """Every container by id; a key sees those of its own workspace."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.containers: dict[str, Container] = {}

    def open(self, new_id: str, workspace: str) -> Container:
        """Start a container."""
        made = Container(new_id, workspace, self._clock() + LIFE_S)
        self.containers[new_id] = made
        return made

    def find(self, container_id: str, workspace: str) -> Container:
        """Return a container that lives, or raise the Failure for one that does not."""
        container = self.containers.get(container_id)
        if container is None or container.workspace != workspace:
            raise Failure(404, f"container: Container not found: {container_id}")
        if container.dies_at <= self._clock():
            raise refused(
                f"container: Container {container_id} has expired. Send the request again without `container`."
            )
        return container

    def expire(self) -> None:
        """Let every container be expired from now on."""
        for container in self.containers.values():
            container.dies_at = self._clock()


def container_id(container: str | dict[str, Any] | None) -> str | None:
    """The id in a request's `container`, a string or an object."""
    return container.get("id") if isinstance(container, dict) else container
