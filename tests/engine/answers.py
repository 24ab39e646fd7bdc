"""What the local Claude of a run of chaos answers."""

from __future__ import annotations

import random
import re
from typing import Any

from bot.local.simulator.claude import Reply, ToolUse
from tests.engine.deeds import calls
from tests.engine.tools import is_result

WORDS = re.compile(r"\[m\d+\]")
"""What makes a person's message recognisable wherever it is quoted."""

KNOCK, RING = ToolUse("knock", {"door": "north"}), ToolUse("ring", {"bell": "south"})
CLOCK, NONE_SUCH = ToolUse("time_in", {"zone": "Asia/Tokyo"}), ToolUse("no_such_tool")
CALLS: tuple[tuple[tuple[ToolUse, ...], ...], ...] = (
    ((KNOCK,),),
    ((CLOCK, KNOCK), (KNOCK,)),
    ((RING,), (CLOCK, NONE_SUCH)),
)
"""The calls of a reply, by step."""

CALL_WEIGHTS = (12, 2, 1, 1, 2, 2, 2, 1)
"""Of no call, those above, and those of `deeds.calls`."""


def answer(body: Any, *, seed: int, number: int, deeds: bool) -> str | Reply:
    """A reply that says what it answers; the same messages get the same length whenever they are asked for.

    Some call tools before, in one step or two: tools that read, that have an effect, or that are not there; with
    `deeds`, those of `deeds.calls` too. `number` is that of the request.
    """
    steps = 0
    while is_result(body["messages"][-1 - 2 * steps]):
        steps += 1
    question = str(body["messages"][-1 - 2 * steps])
    told = WORDS.findall(question)
    words = " ".join(told).replace("[", "").replace("]", "")
    ways = [(), *CALLS, *((step,) for step in calls(words) if told and deeds)]
    made = random.Random(f"{seed} tools {told}").choices(ways, CALL_WEIGHTS[: len(ways)])[0]
    if steps < len(made) and body.get("tools"):
        return Reply.of(f"Step {number}. ", *made[steps])
    chance = random.Random(f"{seed} {told}")
    text = f"Answer {number} to {' '.join(told).replace('[', '(').replace(']', ')')}."
    length = chance.choices(
        [chance.randint(5, 60), chance.randint(60, 250), chance.randint(500, 900)], [6, 3, 1]
    )
    filler = " ".join(chance.choice(("loom", "weft", "warp", "reed", "heddle")) for _ in range(length[0]))
    code = f"\n\n```python\nprint({number})\n```" if chance.random() < 0.2 else ""
    titled = "<thread_title>" in question and not steps and chance.random() < 0.7
    title = f"<thread_title>Looms {number}</thread_title>\n" if titled else ""
    return f"{title}{text}{code}\n\n{filler}."
