"""The Lua scripts, and the typed calls that run them.

A change of a conversation that has to be made as a whole is one script. Running a script twice has the effect of
running the script once, so a lost answer is met by running the script again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any, ClassVar

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from bot.conversation.errors import Fenced
from bot.store.connection import translated
from bot.store.counted import CountedRedis
from bot.store.replicas import Replicas
from bot.store.states import STEPS, Step

DRAGONFLY_FLAGS = "--!df"
"""Dragonfly reads a script's flags from its first line only."""

Command = tuple[str | int, ...]
"""A command as Redis documents it."""

Commands = Sequence[Command]

WAITED_FOR = frozenset({"receive", "commit"})
"""The scripts whose loss would lose a message, or write its answer twice; these wait for replicas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a script is called with; the subclass is the script's contract.

    Fields that are annotated as `Key` become KEYS, the others ARGV, each in the order of the class; the script
    finds every one as a local variable of the field's name. A field of several values, which comes last, is a list in
    the script. `None` and `False` are sent as an empty text, `True` as `1`.
    """

    script: ClassVar[str]

    @property
    def name(self) -> str:
        """The name of the step: that of the script, unless several steps share the script."""
        return self.script

    @property
    def keys(self) -> list[str]:
        """The KEYS of the script."""
        return [getattr(self, name) for name in key_names(type(self))]

    @property
    def arguments(self) -> list[str | int]:
        """The ARGV of the script."""
        found: list[str | int] = []
        for name in argument_names(type(self)):
            value = getattr(self, name)
            found.extend(map(_sent, value) if isinstance(value, tuple) else [_sent(value)])
        return found


class Scripts:
    """Runs scripts by their hash, and sends the text to a server that does not know the hash."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._replicas = redis.replicas if isinstance(redis, CountedRedis) else None
        self._loaded: dict[str, tuple[str, str]] = {}

    async def run(self, call: Call, *, before: Commands = (), after: Commands = ()) -> Any:
        """Run one script; Fenced if the lease or the turn's state does not allow the step, else StoreUnavailable.

        The commands `before` and `after` the script are sent with the script, and take effect in this order.
        """
        answer, _ = await self.run_and_read(call, before=before, after=after)
        return answer

    async def run_and_read(
        self, call: Call, *, before: Commands = (), after: Commands
    ) -> tuple[Any, list[Any]]:
        """Run one script as `run` does; returns its answer, and the answers to the commands `after` it."""
        if call.name not in self._loaded:
            text = text_of(type(call), call.name)
            self._loaded[call.name] = text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        text, digest = self._loaded[call.name]
        inputs = (len(call.keys), *call.keys, *call.arguments)
        waits = self._replicas if call.script in WAITED_FOR else None
        with translated():
            try:
                answer, read = await self._sent(("EVALSHA", digest, *inputs), before, after, waits)
            except NoScriptError:
                answer, read = await self._sent(("EVAL", text, *inputs), before, after, waits)
        if answer == "FENCED":
            raise Fenced(call.name)
        return answer, read

    async def _sent(
        self, script: Command, before: Commands, after: Commands, waits: Replicas | None
    ) -> tuple[Any, list[Any]]:
        if not before and not after and waits is None:
            send: Callable[..., Awaitable[Any]] = self._redis.execute_command
            return await send(*script), []
        pipe = self._redis.pipeline(transaction=False)
        add: Callable[..., object] = pipe.execute_command
        for command in (*before, script, *([waits.command] if waits is not None else []), *after):
            add(*command)
        answers = await pipe.execute()
        if waits is not None:
            waits.note(int(answers[len(before) + 1]))
        return answers[len(before)], answers[len(answers) - len(after) :]


def text_of(kind: type[Call], name: str) -> str:
    """Return the text of a script as the server gets it: flags, names of the inputs, states, helpers, the script."""
    own = _read(kind.script)
    flags, _, rest = own.partition("\n") if own.startswith(DRAGONFLY_FLAGS) else ("", "", own)
    head = [flags] if flags else []
    return "\n".join([*head, *_inputs(kind), *_states(STEPS.get(name)), _read("common"), rest])


def key_names(kind: type[Call]) -> tuple[str, ...]:
    """Return the names of a script's KEYS."""
    return tuple(field.name for field in fields(kind) if field.type == "Key")


def argument_names(kind: type[Call]) -> tuple[str, ...]:
    """Return the names of a script's ARGV."""
    return tuple(field.name for field in fields(kind) if field.type != "Key")


def _inputs(kind: type[Call]) -> Iterator[str]:
    for source, names in (("KEYS", key_names(kind)), ("ARGV", argument_names(kind))):
        for number, name in enumerate(names, start=1):
            yield f"local {name} = {source}[{number}]"
    listed = [field.name for field in fields(kind) if str(field.type).startswith("tuple")]
    for name in listed:
        first = argument_names(kind).index(name) + 1
        yield f"{name} = {{}} for i = {first}, #ARGV do {name}[#{name} + 1] = ARGV[i] end"


def _states(step: Step | None) -> Iterator[str]:
    if step is not None:
        yield f"local BEFORE, UNCHANGED = {_set(step.before)}, {_set(step.unchanged)}"
        yield f"local AFTER, NEEDS_LEASE = '{step.after}', {str(step.lease).lower()}"


def _set(names: Sequence[str]) -> str:
    return "{" + ", ".join(f"{name} = true" for name in names) + "}"


def _sent(value: object) -> str | int:
    if value is None or value is False:
        return ""
    if value is True:
        return 1
    return value if isinstance(value, int | str) else str(value)


def _read(script: str) -> str:
    return files(__name__).joinpath(f"{script}.lua").read_text("utf-8")
