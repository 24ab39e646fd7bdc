"""The rules for a well-formed request; each check returns the first violation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from .catalogue import EFFORTS, Model, find
from .failures import Failure, refused
from .prompt import Body, content_blocks, effort_level, flatten, thinking_type
from .replay import without_end
from .shape import SAMPLING
from .signatures import check_bindings
from .tool_calls import check_roles, check_sealed, check_server_calls, check_tool_results
from .tool_rules import check_choice, check_citations, check_container, check_tools

MAX_BREAKPOINTS = 4
# The size up to which the API reads a body at all.
MAX_BODY_BYTES = 32 * 1024 * 1024

Rule = Callable[[Body, Model], Failure | None]


def resolve(body: Body) -> Model | Failure:
    """The model of a request; a 404 if the model is unknown or retired."""
    model = find(body["model"])
    if model is None or model.lifecycle == "retired":
        return Failure(404, f"model: {body['model']}")
    return model


def check_rules(body: Body, model: Model, *, resumes: bool = False) -> Failure | None:
    """The first violated rule, if any; `resumes`: the request ends with the content of a paused reply."""
    before = without_end(body) if resumes else body
    checks = (*((rule, before) for rule in ENDS), *((rule, body) for rule in RULES))
    return next((failure for rule, checked in checks if (failure := rule(checked, model))), None)


def _limits(body: Body, model: Model) -> Failure | None:
    limit = body.get("max_tokens", 1)
    if limit > model.max_tokens:
        return refused(
            f"max_tokens: {limit} > {model.max_tokens}, which is the maximum allowed number of "
            f"output tokens for {body['model']}"
        )
    if limit == 0:
        forced = (body.get("tool_choice") or {}).get("type") in ("any", "tool")
        if body.get("stream") or (body.get("output_config") or {}).get("format") or forced:
            return refused(
                "max_tokens: 0 is not allowed with stream, output_config.format or a forced tool_choice"
            )
    for sequence in body.get("stop_sequences") or ():
        if not sequence.strip():
            return refused("stop_sequences: each stop sequence must contain non-whitespace")
    return None


def _sampling(body: Body, model: Model) -> Failure | None:
    # Only reached by API versions before 2026-10-21; the newer ones know no such fields.
    for name in SAMPLING:
        if body.get(name) is not None and not model.sampling_parameters:
            return refused(f"`{name}` is deprecated for this model.")
    return None


def _turns(body: Body, model: Model) -> Failure | None:
    messages = body["messages"]
    if not messages:
        return refused("messages: at least one message is required")
    if messages[0]["role"] != "user":
        return refused('messages: first message must use the "user" role')
    for at, message in enumerate(messages):
        if message["role"] == "system" and (failure := _system_message(messages, at, model)):
            return failure
    return None


def _prefill(body: Body, model: Model) -> Failure | None:
    messages = body["messages"]
    if not messages or messages[-1]["role"] != "assistant":
        return None
    if not model.prefill:
        return refused(
            "This model does not support assistant message prefill. The conversation must end with a user "
            "message."
        )
    last = content_blocks(messages[-1]["content"])
    if last and last[-1].get("type") == "text" and last[-1]["text"] != last[-1]["text"].rstrip():
        return refused("messages: final assistant content cannot end with trailing whitespace")
    return None


def _system_message(messages: list[Body], at: int, model: Model) -> Failure | None:
    if not model.system_messages:
        return refused(f"messages.{at}.role: role 'system' is not supported on this model")
    follows = messages[at + 1]["role"] if at + 1 < len(messages) else "assistant"
    if messages[at - 1]["role"] != "user" or follows != "assistant":
        return refused(
            f"messages.{at}: a system message must follow a user message and come last or before an assistant "
            "message"
        )
    return None


def _texts(body: Body, _: Model) -> Failure | None:
    for place, block in _placed(body):
        if block.get("type") == "text" and _is_blank(block["text"]):
            if not block["text"]:
                return refused(f"{place}: text content blocks must be non-empty")
            return refused(f"{place}: text content blocks must contain non-whitespace text")
    last = len(body["messages"]) - 1
    for at, message in enumerate(body["messages"]):
        optional = at == last and message["role"] == "assistant"
        if not message["content"] and not optional:
            return refused(
                f"messages.{at}: all messages must have non-empty content except for the optional final "
                "assistant message"
            )
    return None


def _placed(body: Body) -> Iterator[tuple[str, Body]]:
    # An empty string as content has a message of its own, an empty system prompt is none at all.
    for block in content_blocks(body.get("system") or []):
        yield "system", block
    for message in body["messages"]:
        for block in content_blocks(message["content"]) if message["content"] else ():
            yield "messages", block
            inner = block.get("content") if block.get("type") == "tool_result" else None
            for part in inner if isinstance(inner, list) else ():
                yield "messages", part


def _thinking(body: Body, model: Model) -> Failure | None:
    effort = (body.get("output_config") or {}).get("effort")
    if effort and not model.effort.levels:
        return refused("This model does not support the effort parameter.")
    if effort and effort not in model.effort.levels:
        levels = ", ".join(model.effort.levels)
        return refused(
            f"output_config.effort: '{effort}' is not supported by this model. Supported: {levels}."
        )
    kind = thinking_type(body, model)
    if kind not in model.thinking.types:
        return refused(f'"thinking.type.{kind}" is not supported for this model. {_instead(kind, model)}')
    budget = (body.get("thinking") or {}).get("budget_tokens")
    if budget is not None and budget >= body.get("max_tokens", budget + 1):
        return refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
    most = model.thinking.off_up_to_effort
    level = effort_level(body, model)
    off = kind in ("disabled", "between_tools")
    if off and most and level and EFFORTS.index(level) > EFFORTS.index(most):
        return refused(
            f"thinking.type: '{kind}' is not supported at effort '{level}'; use '{most}' or lower."
        )
    return None


def _instead(kind: str, model: Model) -> str:
    if kind == "disabled" and "between_tools" in model.thinking.types:
        return 'Use "thinking.type.between_tools" to turn off thinking before the answer.'
    if kind == "disabled":
        return "Thinking cannot be turned off; lower `output_config.effort` instead."
    if "adaptive" in model.thinking.types:
        return 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
    return 'Use "thinking.type.enabled" with "budget_tokens".'


def _breakpoints(body: Body, model: Model) -> Failure | None:
    blocks = flatten(body, model).blocks
    # The automatic one is already on the last block here, unless that has one of its own.
    lifetimes = [block.ttl for block in blocks if block.ttl]
    if len(lifetimes) > MAX_BREAKPOINTS:
        return refused(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found "
            f"{len(lifetimes)}."
        )
    automatic = body.get("cache_control")
    if automatic and lifetimes and lifetimes[-1] != (automatic.get("ttl") or "5m"):
        return refused(
            "cache_control: the automatic breakpoint falls on a block whose own cache_control has another ttl"
        )
    if "5m" in lifetimes and "1h" in lifetimes[lifetimes.index("5m") :]:
        late = [block for block in blocks if block.ttl == "1h"][-1]
        return refused(
            f"{'.'.join(map(str, late.path))}.cache_control.ttl: a ttl='1h' cache_control block must not come "
            "after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, "
            "`system`, `messages`."
        )
    return None


def _length(body: Body, model: Model) -> Failure | None:
    tokens = flatten(body, model).tokens
    if tokens > model.max_input_tokens:
        return refused(f"prompt is too long: {tokens} tokens > {model.max_input_tokens} maximum")
    return None


# The content of a paused reply, at the end of the messages, is exempt.
ENDS: tuple[Rule, ...] = (check_server_calls, _prefill)
RULES: tuple[Rule, ...] = (
    _limits,
    _sampling,
    _turns,
    _texts,
    check_roles,
    check_tool_results,
    check_tools,
    check_choice,
    check_container,
    check_citations,
    _thinking,
    _breakpoints,
    check_sealed,
    check_bindings,
    _length,
)


# Letters, marks and symbols without a glyph: Hangul and Khitan fillers, inherent vowels, the empty Braille cell, and
# what Unicode calls default ignorable.
_EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U00016fe4\U000e0000-\U000e0fff]"
)


def _is_blank(text: str) -> bool:
    """Whether a text shows nothing.

    Which characters beyond whitespace the API counts as blank is not documented; this takes all that may be.
    """
    return not any(unicodedata.category(char)[0] not in "CZ" for char in _EMPTY.sub("", text))
