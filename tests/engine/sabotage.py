"""One safeguard of the engine removed, so that the suites can be asked whether they miss it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from bot.gateway.catchup.sweep import Sweep
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.render.outbox import Outgoing, Sent
from bot.store import schema
from bot.store.coordination import Coordination
from bot.store.migrations.lease import MigrationLease
from bot.store.tool_steps import Begun, ToolSteps
from bot.turns import reconcile, recover_reply
from bot.turns.heartbeat import Heartbeat
from tests.engine.rewrites import REWRITES, Rewrite


def remove(name: str) -> None:
    """Remove a safeguard from this process; KeyError if there is none of that name."""
    SAFEGUARDS[name]()


def _settling() -> None:
    async def nothing(*_: object) -> None:
        """Look at nothing, repair nothing."""

    setattr(reconcile, "repair", nothing)  # noqa: B010


def _nonce() -> None:
    send = DiscordOutbox.send

    async def without(self: DiscordOutbox, channel_id: int, message: Outgoing) -> Sent:
        return await send(
            self, channel_id, replace(message, nonce=cast("str", None))
        )  # discord.py makes one up

    setattr(DiscordOutbox, "send", without)  # noqa: B010


def _listing() -> None:
    async def nothing(*_: object) -> None:
        """List no place."""

    setattr(Sweep, "run", nothing)  # noqa: B010


def _adoption() -> None:
    setattr(recover_reply, "find_reply", lambda *_: None)  # noqa: B010


def _heartbeat() -> None:
    async def never(_: object) -> None:
        await asyncio.Event().wait()

    setattr(Heartbeat, "_renew_until_lost", never)  # noqa: B010


def _may_write() -> None:
    setattr(Heartbeat, "may_write", lambda _: True)  # noqa: B010


def _once() -> None:
    async def mine(*_: object) -> bool:
        """Take every interaction, whoever else does."""
        return True

    setattr(Coordination, "take", mine)  # noqa: B010


def _begun_effects() -> None:
    async def nothing(*_: object) -> None:
        """Know of no effect that has begun."""

    async def now(*_: object) -> Begun:
        """Take every effect for one that begins now."""
        return Begun.NOW

    setattr(ToolSteps, "effect", nothing)  # noqa: B010
    setattr(ToolSteps, "begin", now)  # noqa: B010


def _migration_lease() -> None:
    async def moved(*_: object) -> bool:
        """Have every instance hold the lease."""
        return True

    setattr(MigrationLease, "_move", moved)  # noqa: B010


def _older_instances() -> None:
    async def none(*_: object) -> bool:
        """Know of no older instance."""
        return False

    setattr(schema, "is_older_alive", none)  # noqa: B010


def _rewrite(rewrites: Sequence[Rewrite]) -> None:
    for each in rewrites:
        each.apply()


SAFEGUARDS: dict[str, Callable[[], None]] = {
    "migration lease": _migration_lease,  # one instance migrates at a time
    "older instances": _older_instances,  # writing nothing that an instance which works cannot read
    "settling": _settling,  # looking once more when a late call has landed
    "nonce": _nonce,  # a repeated post is the same message
    "listing": _listing,  # catching up from Discord's history
    "adoption": _adoption,  # finding on Discord what an earlier try has posted
    "heartbeat": _heartbeat,  # renewing the lease
    "once": _once,  # asking the store which instance answers an interaction
    "begun effects": _begun_effects,  # an effect that has begun is not made again
    "may_write": _may_write,  # writing to Discord only with a fresh lease
    **{name: partial(_rewrite, rewrites) for name, rewrites in REWRITES.items()},
}
