"""Validation answers any request with a verdict, never with an exception: `shape`, `rules`, `stand_in`."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.local.simulator.claude import HandClock
from bot.local.simulator.claude.catalogue import Model
from bot.local.simulator.claude.containers import Containers
from bot.local.simulator.claude.files import Files
from bot.local.simulator.claude.respond import respond
from bot.local.simulator.claude.rules import check_rules, resolve
from bot.local.simulator.claude.server_tools import ServerTools
from bot.local.simulator.claude.shape import check_shape
from bot.local.simulator.claude.stand_in import stand_in

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CONTROL = st.sampled_from([None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}])
# Mostly right, so that the later rules are reached as well.
TEXT = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", " ", ""])
BLOCKS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}, optional={"cache_control": CONTROL}),
    st.fixed_dictionaries({"type": st.just("text"), "text": st.just("words")}),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": TEXT, "signature": TEXT}),
    st.fixed_dictionaries(
        {"type": st.just("tool_use"), "id": st.just("t"), "name": st.just("look"), "input": st.just({})}
    ),
    st.fixed_dictionaries(
        {"type": st.just("tool_result"), "tool_use_id": st.just("t")}, optional={"content": TEXT}
    ),
    st.fixed_dictionaries({"type": st.just("image"), "source": st.just({"type": "url", "url": "x"})}),
    st.fixed_dictionaries({"type": st.just("web_search_tool_result"), "content": JSON}),
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "user", "assistant", "system"]),
            "content": TEXT | st.lists(BLOCKS, min_size=1, max_size=4),
        }
    ),
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["claude-sonnet-5-5", "claude-haiku-4-5", "claude-opus-5"]),
        "max_tokens": st.sampled_from([0, 1, 50, 2000, 64_000, 200_000]),
        "messages": MESSAGES.map(lambda more: [{"role": "user", "content": "first"}, *more]),
    },
    optional={
        "system": TEXT,
        "cache_control": CONTROL,
        "tools": st.lists(st.just({"name": "look", "input_schema": {"type": "object"}}), max_size=2),
        "tool_choice": st.fixed_dictionaries({"type": st.sampled_from(["auto", "any", "none"])}),
        "thinking": st.sampled_from(
            [{"type": "adaptive"}, {"type": "disabled"}, {"type": "enabled", "budget_tokens": 1024}]
        ),
        "stop_sequences": st.lists(st.sampled_from(["the", "I", " "]), max_size=2),
    },
)


@given(JSON)
def test_any_json_gets_a_verdict(body: Any) -> None:
    failure = check_shape(body)
    assert failure is None or (failure.status == 400 and failure.message)


@given(BODIES)
def test_any_half_right_request_gets_a_verdict(body: dict[str, Any]) -> None:
    if check_shape(body):
        return
    model = resolve(body)
    assert isinstance(model, Model)
    failure = check_rules(body, model)
    assert failure is None or (failure.status == 400 and failure.message)
    if failure is None:
        # What may be asked can be answered, and within its limits.
        files = Files(HandClock(), "0")
        tools = ServerTools(body, "a key", files, Containers(HandClock()), "{}_1".format)
        response = respond(stand_in(body), body, model, tools)
        assert response.output_tokens <= body["max_tokens"]
        assert not any(sequence in response.text for sequence in body.get("stop_sequences") or ())
        assert body["messages"][-1]["role"] != "assistant" or model.prefill
