"""The content of responses that a turn goes on from, which has to come back unchanged.

Anthropic, "Handling stop reasons" and "Tool use": within one turn, what the model said is sent again as it is,
before the results of tools, or as the last message after a pause.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping

from .failures import Failure, refused
from .prompt import Body, content_blocks, exact
from .response import Response
from .steps import Json

# The contents of the latest responses are kept, and as many results of calls that a turn left open.
MAX_CONTENTS = 1000
CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
THINKING = ("thinking", "redacted_thinking")


class Replay:
    """The contents of responses that a turn goes on from."""

    def __init__(self) -> None:
        self._contents: deque[list[str]] = deque(maxlen=MAX_CONTENTS)
        self._paused: deque[list[str]] = deque(maxlen=MAX_CONTENTS)
        self._call_ids: deque[str] = deque(maxlen=MAX_CONTENTS)
        self._results: dict[str, Json] = {}

    def note(self, body: Body, response: Response, kept: Mapping[str, Json]) -> None:
        """Remember the content of a response behind what the request repeats of it, and results for the next one."""
        content = response.content()
        said = [*map(exact, _trailing(body)), *map(exact, content)]
        (self._paused if response.stop_reason == "pause_turn" else self._contents).append(said)
        self._call_ids += [block["id"] for block in content if block["type"] in CALLS]
        self._results.update(kept)
        while len(self._results) > MAX_CONTENTS:
            del self._results[next(iter(self._results))]

    def resumes(self, body: Body) -> bool:
        """Whether the request ends with the whole content of a paused response, unchanged."""
        trailing = [*map(exact, _trailing(body))]
        return bool(trailing) and trailing in self._paused

    def waiting(self, body: Body) -> list[Json]:
        """The results of the calls of server tools that the request leaves open."""
        return [self._results[call] for call in reversed(open_calls(body)) if call in self._results]

    def check(self, body: Body) -> Failure | None:
        """The first response of the current turn that was changed, if any."""
        for run in _current_turn(body):
            blocks = [block for _, block in run]
            said = [*map(exact, blocks)]
            known = any(block.get("id") in self._call_ids for block in blocks if block.get("type") in CALLS)
            if known and said not in self._contents and said not in self._paused:
                return self._changed(run, said)
        return None

    def _changed(self, run: Run, said: list[str]) -> Failure:
        near = max((*self._contents, *self._paused), key=lambda content: _common(content, said))
        at = min(_common(near, said), len(run) - 1)
        place, block = run[at]
        was = json.loads(near[at])["type"] if at < len(near) else ""
        if was in THINKING and block.get("type") not in THINKING:
            return refused(
                f"{place}.type: Expected `thinking` or `redacted_thinking`, but found `{block['type']}`."
            )
        if block.get("type") in THINKING:
            return refused(
                f"{place}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be "
                "modified. These blocks must remain as they were in the original response."
            )
        return refused(
            f"{place}: The blocks of the current turn must remain as they were in the original response."
        )


Run = list[tuple[str, Body]]


def open_calls(body: Body) -> list[str]:
    """The ids of the calls of server tools in the last assistant turn that have no result there."""
    turns = [run for role, run in _runs(body) if role == "assistant"]
    blocks = [block for _, block in turns[-1]] if turns else []
    answered = {block["tool_use_id"] for block in blocks if str(block["type"]).endswith("_tool_result")}
    calls = [block["id"] for block in blocks if block["type"] == "server_tool_use"]
    return [call for call in calls if call not in answered]


def without_end(body: Body) -> Body:
    """The request without the assistant messages at its end; messages of one role in a row are one turn."""
    end = len(body["messages"])
    while end and body["messages"][end - 1]["role"] == "assistant":
        end -= 1
    return {**body, "messages": body["messages"][:end]}


def _trailing(body: Body) -> list[Body]:
    messages = body["messages"][len(without_end(body)["messages"]) :]
    return [block for message in messages for block in content_blocks(message["content"])]


def _runs(body: Body) -> list[tuple[str, Run]]:
    """The turns with the places of their blocks."""
    runs: list[tuple[str, Run]] = []
    for at, message in enumerate(body["messages"]):
        if not runs or runs[-1][0] != message["role"]:
            runs.append((message["role"], []))
        for inner, block in enumerate(content_blocks(message["content"])):
            runs[-1][1].append((f"messages.{at}.content.{inner}", block))
    return runs


def _current_turn(body: Body) -> Iterator[Run]:
    """What the model has said in the turn that the request goes on with, the latest first."""
    for role, run in reversed(_runs(body)):
        if role == "assistant":
            yield run
        elif not any(block.get("type") == "tool_result" for _, block in run):
            return


def _common(left: list[str], right: list[str]) -> int:
    same = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        same += 1
    return same
