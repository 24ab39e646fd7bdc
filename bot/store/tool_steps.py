"""The journal of a running turn's tools: what was called, what was answered, which effects have begun.

An attempt after a crash goes on behind the last step that is whole. Only the holder of the lease may write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count, takewhile
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.consulted import Consulted
from bot.conversation.content import ToolResult
from bot.conversation.errors import Unreadable
from bot.conversation.request import PromptMessage
from bot.store.claim import Claim
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.key_lifetimes import TOOL_STEPS_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.turn import NoteTool


@dataclass(frozen=True, slots=True)
class ToolStep:
    """What is added to the turn's messages: what Claude said with its calls, or the results of these.

    `text` is the text of the reply that came with it; `consulted` is what the results were read from. `container` is
    where code has run, "" for nowhere.
    """

    message: PromptMessage
    text: str = ""
    consulted: tuple[Consulted, ...] = ()
    container: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """An effect that has ended: the result of its call, and the record for later requests."""

    result: ToolResult
    consulted: Consulted


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was noted before a message joined the turn, for each time that one did: it answers another question.

    `effects` are those of the whole turn, by key.
    """

    steps: tuple[tuple[ToolStep, ...], ...] = ()
    effects: Mapping[str, Answered | Begun] = field(default_factory=dict)


class Begun(Enum):
    """What is known of an effect without an outcome."""

    NOW = auto()  # by this attempt, just now
    BEFORE = auto()  # by an attempt that did not come to note the outcome


_steps = TypeAdapter(ToolStep)
_answers = TypeAdapter(Answered)


class ToolSteps:
    """Notes the steps of one claimed turn's tools."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)

    async def of(self, claim: Claim) -> tuple[ToolStep, ...]:
        """Return the steps of the turn so far, in order; Unreadable if this version cannot read them.

        Steps from before a message joined the turn are left out: they answer another question. So are those behind a
        step that is missing: a store that went back has lost what they were added to.
        """
        run = _step(claim)
        noted = await self._noted(claim, run)
        unbroken = takewhile(noted.__contains__, (_numbered(run, number) for number in count()))
        return _read({field: noted[field] for field in unbroken})

    async def left_out(self, claim: Claim) -> LeftOut:
        """Return the steps that `of` leaves out; Unreadable if this version cannot read them."""
        found = await self._noted(claim, _beginning(claim))
        own, of_effects = _step(claim), _effect(claim, "")
        before: dict[str, dict[str, str]] = {}
        for name, text in found.items():
            joined, _, number = name.rpartition(":")
            if not name.startswith((own, of_effects)):
                before.setdefault(joined, {})[number] = text
        steps = tuple(_read(noted) for _, noted in sorted(before.items()))
        effects = {
            name.removeprefix(of_effects): _known(text)
            for name, text in found.items()
            if steps and name.startswith(of_effects)
        }
        return LeftOut(steps, effects)

    async def _noted(self, claim: Claim, beginning: str) -> dict[str, str]:
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(self._keys.tool_steps(claim.conversation))
        return {str(name): str(text) for name, text in found.items() if str(name).startswith(beginning)}

    async def add(self, claim: Claim, number: int, step: ToolStep) -> None:
        """Add a step behind those with smaller numbers; steps with this number, or a larger one, go."""
        text = Content(_steps.dump_json(step).decode())
        run = _step(claim)
        await self._note(claim, _numbered(run, number), text, replaces=True, run=run)

    async def effect(self, claim: Claim, key: str) -> Answered | Begun | None:
        """Return what is known of an effect, None if it has not begun."""
        with translated():
            held: Any = await self._redis.hget(self._keys.tool_steps(claim.conversation), _effect(claim, key))
        return None if held is None else _known(str(held))

    async def begin(self, claim: Claim, key: str, run: str = "") -> Answered | Begun:
        """Note that an effect is about to be made; returns what became of it if it was begun before.

        `run` tells the runs of one attempt apart, which a message that joins the turn restarts.
        """
        mark = f"begun {claim.token} {run}"
        held = await self._note(claim, _effect(claim, key), mark)
        return Begun.NOW if held == mark else _known(held)

    async def end(self, claim: Claim, key: str, answered: Answered) -> None:
        """Note how an effect ended."""
        text = Content(_answers.dump_json(answered).decode())
        await self._note(claim, _effect(claim, key), text, replaces=True)

    async def _note(
        self, claim: Claim, field: str, value: str, *, replaces: bool = False, run: str = ""
    ) -> str:
        keys, conversation = self._keys, claim.conversation
        held: Any = await self._scripts.run(
            NoteTool(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                steps=keys.tool_steps(conversation),
                token=claim.token,
                field=field,
                value=value,
                replaces=replaces,
                run=run,
                steps_s=TOOL_STEPS_S,
            )
        )
        return str(held)


def _read(noted: Mapping[str, str]) -> tuple[ToolStep, ...]:
    try:
        return tuple(_steps.validate_json(text) for _, text in sorted(noted.items()))
    except ValidationError:
        raise Unreadable from None  # its text quotes what people wrote


def _known(held: str) -> Answered | Begun:
    if held.startswith("begun "):
        return Begun.BEFORE
    try:
        return _answers.validate_json(held)
    except ValidationError:
        raise Unreadable from None


def _beginning(claim: Claim) -> str:
    return f"{claim.turn_id}:{claim.attempt.regeneration}:"


def _effect(claim: Claim, key: str) -> str:
    return f"{_beginning(claim)}effect:{key}"


def _step(claim: Claim) -> str:
    return f"{_beginning(claim)}step:{max(claim.batch.members)}:"


def _numbered(run: str, number: int) -> str:
    return f"{run}{number:04}"
