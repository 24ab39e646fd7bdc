"""Where nothing may be told of what is remembered, the memories are read only if something was told before."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bot.conversation.memory import Fact, MemoryPlace, news
from bot.conversation.past import Past
from bot.conversation.turn import Turn
from bot.store.claim import Claim, Meta
from bot.tools.memory_places import MemoryPlaces
from bot.turns.prepare import Prepared
from bot.turns.remembered import Remembered
from tests.conversation.builders import ANN, message, snowflake
from tests.conversation.test_memory import LOOM, NOW, told
from tests.store.claims import a_claim

TOLD = told(50, *news([LOOM], NOW, {ANN.id}, ()).quotes)


class Read:
    """Memories that hold one fact, and count how often they are read."""

    def __init__(self) -> None:
        self.reads = 0

    async def of(self, places: Sequence[MemoryPlace]) -> tuple[Fact, ...]:
        self.reads += 1
        return (LOOM,) if places else ()


class Everybody:
    def is_public(self, server: int, channel: int, conversation: int) -> bool:
        return bool(server and channel and conversation)


def step_over(memories: Read, *, may_be_on: bool) -> Any:
    async def may(_claim: Claim) -> bool:
        return may_be_on

    async def terms(_claim: Claim) -> Any:
        return SimpleNamespace(parameters=SimpleNamespace(tools=()))

    return Remembered(memories, None, MemoryPlaces(Everybody()), terms, may, lambda: 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("history", "may_be_on", "reads"),
    [((), False, 0), ((), True, 1), ((TOLD,), False, 1)],
    ids=["off", "on", "off, told before"],
)
async def test_memories_are_read_where_that_may_change_the_request(
    history: tuple[Turn, ...], may_be_on: bool, reads: int
) -> None:
    memories, asked = Read(), message("so?", number=60)
    claim = a_claim(snowflake(60), meta=Meta(guild=10, parent=100), history=history, messages=(asked,))
    prepared = Prepared((asked,))
    assert await step_over(memories, may_be_on=may_be_on)(claim, prepared) == prepared
    assert memories.reads == reads


@pytest.mark.parametrize(("history", "reads"), [((), 0), ((TOLD,), 1)])
async def test_a_private_answer_reads_memories_only_if_the_past_tells_of_them(
    history: tuple[Turn, ...], reads: int
) -> None:
    memories, past = Read(), Past(history=history)
    assert await step_over(memories, may_be_on=True).without_gone(7, Meta(guild=10, parent=100), past) is past
    assert memories.reads == reads
