"""Validation answers anything at all with a verdict, never with an exception."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulator.claude.catalogue import Model
from bot.simulator.claude.rules import check_rules, resolve
from bot.simulator.claude.shape import check_shape
from bot.simulator.claude.stand_in import stand_in

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CONTROL = st.sampled_from(
    [None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}, {"type": "other"}]
)
TEXT = st.sampled_from(["", " ", "a", "b"])
BLOCKS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}, optional={"cache_control": CONTROL}),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": TEXT, "signature": TEXT}),
    st.fixed_dictionaries(
        {"type": st.just("tool_use"), "id": TEXT, "name": TEXT, "input": st.just({})},
        optional={"caller": JSON},
    ),
    st.fixed_dictionaries({"type": st.just("tool_result"), "tool_use_id": TEXT}, optional={"content": JSON}),
    st.fixed_dictionaries(
        {"type": st.just("image"), "source": st.fixed_dictionaries({"type": st.just("url")})}
    ),
    st.fixed_dictionaries({"type": st.sampled_from(["search_result", "web_search_tool_result", "?"])}),
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "user", "assistant", "system"]),
            "content": TEXT | st.lists(BLOCKS, max_size=4),
        }
    ),
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["claude-sonnet-5-5", "claude-haiku-4-5", "claude-opus-5"]),
        "max_tokens": st.integers(-1, 200_000),
        "messages": MESSAGES,
    },
    optional={
        "system": TEXT | st.lists(BLOCKS, max_size=2),
        "cache_control": CONTROL,
        "tools": st.lists(
            st.fixed_dictionaries({"name": TEXT}, optional={"type": TEXT, "input_schema": JSON})
        ),
        "tool_choice": st.fixed_dictionaries({"type": st.sampled_from(["auto", "any", "tool"])}),
        "thinking": st.fixed_dictionaries({"type": st.sampled_from(["adaptive", "disabled", "enabled"])}),
        "stop_sequences": st.lists(TEXT),
        "extra": JSON,
    },
)


@settings(deadline=None)
@given(JSON)
def test_any_json_gets_a_verdict(body: Any) -> None:
    failure = check_shape(body)
    assert failure is None or (failure.status == 400 and failure.message)


@settings(deadline=None)
@given(BODIES)
def test_any_half_right_request_gets_a_verdict(body: dict[str, Any]) -> None:
    if check_shape(body):
        return
    model = resolve(body)
    assert isinstance(model, Model)
    failure = check_rules(body, model)
    assert failure is None or (failure.status == 400 and failure.message)
    if failure is None:
        # What may be asked can be answered, and has the shape that was promised.
        assert body["messages"][0]["role"] == "user"
        assert body["messages"][-1]["role"] != "assistant" or model.prefill
        assert stand_in(body).text
