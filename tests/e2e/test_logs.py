"""What people and Claude write never reaches the log, whatever the environment switches on in libraries."""

from __future__ import annotations

import pytest

from bot.local.simulator.claude import faults
from tests.e2e.controls import labels, press
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOUD = {
    "ANTHROPIC_LOG": "debug",
    "PYTHONASYNCIODEBUG": "1",
    "HTTPX_LOG_LEVEL": "trace",
    "BOT_TELEMETRY__LOG_LEVEL": "debug",
}

QUESTION, ANSWER, REFUSED = "Marzipan of Luebeck", "Nougat of Vienna", "Praline of Bruges"


async def test_neither_a_question_nor_an_answer_is_ever_logged(world: World) -> None:
    async with world.apart(LOUD) as own:
        own.claude.default = lambda _: ANSWER
        thread = await own.converse(own.channel(), QUESTION)
        own.claude.faults.add(faults.overloaded(), faults.dropped(), faults.dropped(1))
        await own.settled(await own.ann.post(thread, QUESTION))
        own.claude.faults.add(faults.bad_request(f"messages.0: {REFUSED}"))
        await own.settled(await own.ann.post(thread, QUESTION))
        own.claude.faults.add(faults.error_event(1, faults.bad_request(f"messages.0: {REFUSED}")))
        await own.settled(await own.ann.post(thread, QUESTION))
        asked = len(own.asked)
        last = own.replies(thread)[-1]
        await press(own.ann, thread, last, labels(last)[-1])
        await own.until(lambda: len(own.asked) > asked)
        await own.answered(thread)
        await own.bots[0].stop()
        await own.until(lambda: own.bots[0].log("turn_done"))
        for canary in (QUESTION, ANSWER, REFUSED, "Marzipan", "Nougat", "Praline"):
            assert canary not in own.bots[0].output
