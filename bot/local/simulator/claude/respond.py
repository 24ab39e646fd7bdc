"""A reply made into the blocks of one response, within the request's limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .catalogue import Model
from .failures import Failure
from .prompt import Body, content_blocks, effort_level, thinking_type
from .reply import Reply
from .response import Item, Part, Response, Silence
from .server_tools import CODE_CALLER, DIRECT, ServerTools, is_programmatic
from .signatures import sign
from .steps import Json, Raw, ServerToolUse, Step, Text, Thinking, ToolUse
from .text import cut, first, joined, within
from .tokens import count_text

# Thinking tokens of one reply, by effort; none at low effort.
THINKING_TOKENS = {"medium": 60, "high": 120, "xhigh": 240, "max": 480}
SUMMARY = "The question is clear. I weigh what was said and answer it."
CALLS = (ToolUse, ServerToolUse)


def respond(
    reply: Reply, body: Body, model: Model, tools: ServerTools, waiting: Sequence[Json] = ()
) -> Response:
    """The response to one request; `waiting` are the results of server calls that the request left open."""
    if body["max_tokens"] == 0:
        return Response((), "max_tokens")  # a request for no token only fills the cache
    draft = _Draft(body, model, tools, reply)
    steps = [*map(Raw, waiting), *reply.script]
    opening = next((at for at, step in enumerate(steps) if not isinstance(step, Raw)), len(steps))
    for step in steps[:opening]:
        draft.add(step, calls_follow=False)
    draft.open(steps[opening:])
    for at, step in enumerate(steps[opening:], opening):
        if draft.is_ended:
            break
        draft.add(step, calls_follow=any(isinstance(later, CALLS) for later in steps[at + 1 :]))
    return draft.response()


class _Draft:
    """The blocks so far, and the tokens that are left."""

    def __init__(self, body: Body, model: Model, tools: ServerTools, reply: Reply) -> None:
        self._body = body
        self._model = model
        self._tools = tools
        self._reply = reply
        self._left = body["max_tokens"]
        self._items: list[Item] = []
        self._rounds = [0]
        self._thinking_tokens = 0
        self._output_tokens = 0
        self._ending: tuple[str, str | None, Json | None] | None = None
        self._has_called = _in_loop(body)

    @property
    def is_ended(self) -> bool:
        return self._ending is not None

    def open(self, steps: Sequence[Step]) -> None:
        """Put the thinking in front, and end the first round of reading."""
        self._rounds[0] = len(self._content())
        effort = effort_level(self._body, self._model) or "medium"
        kind = thinking_type(self._body, self._model)
        asked = kind == "enabled" or (kind == "adaptive" and effort in THINKING_TOKENS)
        if asked and self._reply.thinks and not any(isinstance(step, Thinking) for step in steps):
            text = "".join(joined(step.deltas) for step in steps if isinstance(step, Text))
            tokens = THINKING_TOKENS.get(effort, THINKING_TOKENS["medium"]) + len(text) % 40
            self._think(SUMMARY, tokens)

    def add(self, step: Step, *, calls_follow: bool) -> None:
        match step:
            case Text() if calls_follow and self._has_called and self._model.thinking.text_between_tools:
                self._think(joined(step.deltas))
            case Text():
                self._text(step)
            case Thinking(text):
                kind = thinking_type(self._body, self._model)
                if kind in ("enabled", "adaptive") or (kind == "between_tools" and self._has_called):
                    self._think(text)
            case ToolUse():
                self._tool_use(step)
            case ServerToolUse():
                self._server_tool_use(step)
            case Raw(block):
                self._items.append(Part(block, block))
            case _:
                self._items.append(step)

    def response(self) -> Response:
        reply = self._reply
        stop_reason, sequence, details = self._ending or (reply.stop_reason, None, reply.stop_details)
        container = self._tools.container
        return Response(
            tuple(self._items),
            stop_reason,
            sequence,
            details,
            self._thinking_tokens,
            self._thinking_tokens + self._output_tokens,
            tuple(self._rounds),
            container.described() if container is not None else None,
            self._tools.usage(),
            reply.pause_s,
            reply.slowness,
        )

    def _content(self) -> list[Json]:
        return [item.block for item in self._items if isinstance(item, Part)]

    def _think(self, text: str, tokens: int | None = None) -> None:
        tokens = max(count_text(text, self._model.tokenizer), 1) if tokens is None else tokens
        asked = self._body.get("thinking") or {}
        # Without thinking up front, the notes between calls come with their text.
        default = "summarized" if asked.get("type") == "between_tools" else self._model.thinking.display
        shown = "" if (asked.get("display") or default) == "omitted" else text
        said = {"role": "assistant", "content": self._content()}
        body = self._body
        if said["content"]:
            body = {**body, "messages": [*body["messages"], said]}
        signature = sign(body, self._model, shown)
        deltas: list[Json] = [{"type": "thinking_delta", "thinking": shown}] if shown else []
        deltas.append({"type": "signature_delta", "signature": signature})
        block = {"type": "thinking", "thinking": shown, "signature": signature}
        self._items.append(Part(block, {**block, "thinking": "", "signature": ""}, tuple(deltas)))
        if tokens >= self._left:
            # All of the limit went into thinking, as happens with small limits.
            tokens, self._ending = self._left, ("max_tokens", None, None)
        self._thinking_tokens += tokens
        self._left -= tokens

    def _text(self, step: Text) -> None:
        deltas, citations = step.deltas, step.citations
        whole = joined(deltas)
        sequences = self._body.get("stop_sequences") or []
        if found := [(at, sequence) for sequence in sequences if (at := whole.find(sequence)) >= 0]:
            at, sequence = min(found)
            deltas, self._ending = first(deltas, at), ("stop_sequence", sequence, None)
        tokens = count_text(joined(deltas), self._model.tokenizer)
        if tokens > self._left:
            deltas, citations, tokens = within(deltas, self._left, self._model), (), self._left
            self._ending = ("max_tokens", None, None)
        self._spend(tokens)
        if not deltas:
            return
        block = {"type": "text", "text": joined(deltas), "citations": list(citations) or None}
        sent: list[Json] = [{"type": "text_delta", "text": delta} for delta in deltas]
        sent += [{"type": "citations_delta", "citation": citation} for citation in citations]
        start: Json = {"type": "text", "text": "", **({"citations": []} if citations else {})}
        self._items.append(Part(block, start, tuple(sent), step.pauses_s[: len(deltas)]))

    def _tool_use(self, step: ToolUse) -> None:
        choice = self._body.get("tool_choice") or {}
        before = any(block["type"] == "tool_use" for block in self._content())
        if choice.get("type") == "none" or (choice.get("disable_parallel_tool_use") and before):
            raise Failure(500, f"The script calls {step.name} against the request's tool_choice.")
        call_id = step.id or self._tools.new_id("toolu")
        block = {"type": "tool_use", "id": call_id, "name": step.name, "input": step.input, "caller": DIRECT}
        self._call(block, step.partial_json)

    def _server_tool_use(self, step: ServerToolUse) -> None:
        tool = self._tools.definition(step.name)
        if (self._body.get("tool_choice") or {}).get("type") == "none":
            raise Failure(500, f"The script calls {step.name} against the request's tool_choice.")
        if not is_programmatic(tool):
            self._run(step, DIRECT)
            return
        # Code calls the tool: a call of code execution, in which the tool's call and result stand.
        self._tools.run()
        code_id = self._tools.new_id("srvtoolu")
        code = f"print(await {step.name}({json.dumps(step.input)}))"
        outer = {"type": "server_tool_use", "id": code_id, "name": "code_execution", "input": {"code": code}}
        if not self._call({**outer, "caller": DIRECT}):
            return
        self._run(step, {"type": CODE_CALLER, "tool_id": code_id})
        output = {"stdout": "", "stderr": "", "return_code": 0, "content": []}
        content = {"type": "code_execution_result", **output}
        result = {"type": "code_execution_tool_result", "tool_use_id": code_id, "content": content}
        if step.later:
            self._tools.keep(result)
        elif not self.is_ended:
            self._result(result)

    def _run(self, step: ServerToolUse, caller: Json) -> None:
        call_id = step.id or self._tools.new_id("srvtoolu")
        block = {"type": "server_tool_use", "id": call_id, "name": step.name, "input": step.input}
        said = self._content()
        if not self._call({**block, "caller": caller}):
            return
        result = self._tools.result(step, call_id, said, caller)
        if step.later:
            self._tools.keep(result)
            return
        if step.gate is not None:
            self._items.append(step.gate)
        self._items.append(Silence(step.silence_s))
        self._result(result)

    def _result(self, block: Json) -> None:
        self._items.append(Part(block, block))
        self._rounds.append(len(self._content()))

    def _call(self, block: Json, partial_json: str | None = None) -> bool:
        """Add a call, its input in pieces of JSON, the first of them empty; False if the limit cuts it."""
        self._has_called = True
        given = json.dumps(block["input"], ensure_ascii=False) if partial_json is None else partial_json
        tokens = count_text(f"{block['name']}{given}", self._model.tokenizer)
        if is_cut := tokens > self._left:
            given = "".join(within((given,), self._left // 2, self._model))
            tokens, self._ending = self._left, ("max_tokens", None, None)
        pieces = ("", *cut(given))
        deltas = tuple({"type": "input_json_delta", "partial_json": piece} for piece in pieces)
        self._items.append(Part({**block, "input": _parsed(given)}, {**block, "input": {}}, deltas))
        self._spend(tokens)
        return not is_cut

    def _spend(self, tokens: int) -> None:
        self._output_tokens += tokens
        self._left -= tokens


def _parsed(given: str) -> Any:
    """The input as an unstreamed answer has it; none where the text is no object."""
    try:
        parsed = json.loads(given)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _in_loop(body: Body) -> bool:
    """Whether the request goes on in a turn that has called tools."""
    last = body["messages"][-1]
    kinds = {str(block.get("type")) for block in content_blocks(last["content"])}
    return last["role"] == "assistant" or "tool_result" in kinds
