"""One safeguard of the engine removed, so that the suites can be asked whether they miss it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from bot.gateway.catchup.catchup import Catchup
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.render.outbox import Outgoing, Sent
from bot.store import scripts
from bot.store.coordination import Coordination
from bot.turns import reconcile, recover_reply
from bot.turns.heartbeat import Heartbeat

_FENCE = re.compile(r"if redis\.call\('HGET', KEYS\[1\], 'token'\) ~= ARGV\[1\] then return .* end")
_OWN = "if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then"


def remove(name: str) -> None:
    """Remove a safeguard from this process; KeyError if there is none of that name."""
    SAFEGUARDS[name]()


def _rewrite(change: Callable[[str, str], str]) -> None:
    """Change the scripts by name and source as they are loaded; a change that changes nothing is a mistake."""
    load = scripts.Scripts.__init__

    def loading(self: Any, redis: Any) -> None:
        load(self, redis)
        changed = {name: change(name, source) for name, source in self._sources.items()}
        if changed == self._sources:
            raise RuntimeError("this sabotage fits none of the scripts any more")
        self._sources = changed
        self._hashes = {
            name: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
            for name, source in changed.items()
        }

    setattr(scripts.Scripts, "__init__", loading)  # noqa: B010 - a plain assignment is what mypy forbids


def _fencing() -> None:
    _rewrite(lambda _, source: _FENCE.sub("", source).replace(_OWN, "if true then"))


def _state() -> None:
    def change(name: str, source: str) -> str:
        if name == "commit":
            return "\n".join(line for line in source.splitlines() if not line.startswith("if state "))
        if name == "acknowledge":
            source = source.replace("if state ~= 'done' and state ~= 'cancelled' then", "if true then")
            return re.sub(r"\n  if not state or .*", "", source)
        return source

    _rewrite(change)


def _mark() -> None:
    _rewrite(lambda name, source: re.sub(r"\nif \(redis.*", "", source) if name == "mark" else source)


def _listed() -> None:
    _rewrite(lambda name, source: re.sub(r"\nfor i = 4.*\n.*\nend", "", source) if name == "mark" else source)


def _settling() -> None:
    async def nothing(*_: object) -> None:
        """Look at nothing, repair nothing."""

    setattr(reconcile, "repair", nothing)  # noqa: B010


def _nonce() -> None:
    send = DiscordOutbox.send

    async def without(self: DiscordOutbox, place: int, message: Outgoing) -> Sent:
        return await send(self, place, replace(message, nonce=cast("str", None)))  # discord.py makes one up

    setattr(DiscordOutbox, "send", without)  # noqa: B010


def _listing() -> None:
    async def nothing(*_: object) -> None:
        """List no place."""

    setattr(Catchup, "_sweep", nothing)  # noqa: B010


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


SAFEGUARDS: dict[str, Callable[[], None]] = {
    "fencing": _fencing,  # the token checks of all scripts
    "state": _state,  # the state checks of commit and acknowledge
    "settling": _settling,  # looking once more when a late call has landed
    "nonce": _nonce,  # a repeated post is the same message
    "listing": _listing,  # catching up from Discord's history
    "adoption": _adoption,  # finding on Discord what an earlier try has posted
    "mark": _mark,  # moving the high-water mark by compare-and-set
    "listed": _listed,  # moving it only if every listed message has a record
    "heartbeat": _heartbeat,  # renewing the lease
    "once": _once,  # asking the store which instance answers an interaction
    "may_write": _may_write,  # writing to Discord only with a fresh lease
}
