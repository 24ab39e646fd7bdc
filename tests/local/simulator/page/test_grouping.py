"""Which messages share the head with their author."""

from typing import Any

import pytest

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node

FIRST = {"type": 0, "flags": 0, "author": {"id": "4"}, "timestamp": "2026-11-30T12:00:00Z"}
SECOND = FIRST | {"timestamp": "2026-11-30T12:01:00Z"}


def continues(message: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether a message goes on below the one before it, without its author."""
    grouped: bool = run("grouping.js", "m.continues(...a)", message, before)
    return grouped


def test_messages_of_one_author_within_minutes_share_a_head() -> None:
    assert continues(SECOND, FIRST)
    assert not continues(SECOND | {"author": {"id": "5"}}, FIRST)
    assert not continues(SECOND | {"timestamp": "2026-11-30T12:08:00Z"}, FIRST)


@pytest.mark.parametrize("event", [1, 4, 6, 7, 18, 21, 46])
def test_a_message_after_a_line_about_an_event_names_its_author(event: int) -> None:
    assert not continues(SECOND, FIRST | {"type": event})
