"""What the API refuses for the shape of a body: a field that is missing, unknown, of another type or out of range."""

from __future__ import annotations

from typing import Any

import pytest

from bot.local.simulator.claude.shape import check_shape
from tests.local.simulator.claude.request_bodies import EPHEMERAL, assistant, refusal, user

BAD: list[tuple[dict[str, Any], str]] = [
    ({"max_tokens": ...}, "max_tokens: Field required"),
    ({"messages": ...}, "messages: Field required"),
    ({"temperature": 1.0}, "temperature: Extra inputs are not permitted"),
    ({"top_k": 3}, "top_k: Extra inputs are not permitted"),
    ({"context_management": {}}, "context_management: Extra inputs are not permitted"),
    ({"max_tokens": "many"}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
    ({"system": [{"type": "image"}]}, "system.0.type: Input should be 'text'"),
    (
        {"messages": [{"role": "bot", "content": "x"}]},
        "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ),
    ({"messages": [user([{"type": "song"}])]}, "messages.0.content.0: Input tag does not match"),
    ({"messages": [user([{"type": "text"}])]}, "messages.0.content.0.text.text: Field required"),
    ({"messages": [user("x") | {"name": "Ann"}]}, "messages.0.name: Extra inputs are not permitted"),
    (
        {
            "messages": [
                user("x"),
                assistant(
                    [{"type": "thinking", "thinking": "", "signature": "", "cache_control": EPHEMERAL}]
                ),
            ]
        },
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    (
        {"cache_control": {"type": "ephemeral", "ttl": "2h"}},
        "cache_control.ttl: Input should be '5m' or '1h'",
    ),
    ({"output_config": {"effort": "huge"}}, "output_config.effort: Input should be 'low'"),
    ({"metadata": {"user_id": "x" * 257}}, "metadata.user_id: String should have at most 256 characters"),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 1023}},
        "thinking.enabled.budget_tokens: Input should be greater",
    ),
]


@pytest.mark.parametrize(("fields", "message"), BAD)
def test_a_request_of_another_shape_is_a_400_that_names_the_field(
    fields: dict[str, Any], message: str
) -> None:
    failure = refusal(**fields)
    assert failure is not None
    assert (failure.status, failure.type) == (400, "invalid_request_error")
    assert failure.message.startswith(message)


def test_a_body_that_is_no_object_is_refused() -> None:
    bodies: tuple[Any, ...] = ([], "hello", None, 7)
    for body in bodies:
        failure = check_shape(body)
        assert failure is not None
        assert failure.status == 400
