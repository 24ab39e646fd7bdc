"""How often a turn has searched and read pages."""

from __future__ import annotations

import json

import pytest

from bot.conversation.content import Opaque, Text
from bot.conversation.server_tools import ServerToolLimits, definitions
from bot.conversation.server_uses import ServerUses, has_pending, limits_of, used_up_text


def called(name: str = "web_search", number: int = 1) -> Opaque:
    return Opaque(
        json.dumps({"type": "server_tool_use", "id": f"srvtoolu_{number}", "name": name, "input": {}})
    )


def answered(name: str = "web_search", number: int = 1, error: str | None = None) -> Opaque:
    content: object = [] if error is None else {"type": f"{name}_tool_result_error", "error_code": error}
    fields = {"type": f"{name}_tool_result", "tool_use_id": f"srvtoolu_{number}", "content": content}
    return Opaque(json.dumps(fields))


def uses() -> ServerUses:
    return ServerUses(limits_of(definitions(ServerToolLimits(searches=2, fetches=1))))


def test_the_limits_are_those_of_the_definitions() -> None:
    assert limits_of(definitions(ServerToolLimits(searches=3, fetches=4))) == {
        "web_search": 3,
        "web_fetch": 4,
    }


def test_the_first_request_is_bounded_by_its_definition_alone() -> None:
    found = uses()
    assert [found.exceeds("web_search") for _ in range(5)] == [False] * 5


def test_a_later_request_may_use_what_the_others_have_left() -> None:
    found = uses()
    found.note([Text("I look."), called(), answered()])
    assert found.used_up == ()
    assert [found.exceeds("web_search") for _ in range(2)] == [False, True]
    assert not found.exceeds("web_fetch")


def test_an_attempt_that_is_made_again_begins_with_what_was_left() -> None:
    found = uses()
    found.note([called(), answered()])
    assert not found.exceeds("web_search")
    found.begin()
    assert not found.exceeds("web_search")


def test_a_tool_is_used_up_when_all_requests_together_have_reached_its_limit() -> None:
    found = uses()
    found.note([called(), answered()])
    found.note([called(number=2), answered(number=2), called("web_fetch", 3), answered("web_fetch", 3)])
    assert found.used_up == ("web_search", "web_fetch")
    assert found.exceeds("web_search")


@pytest.mark.parametrize("error", ["max_uses_exceeded", "unavailable"])
def test_calls_that_fail_are_free(error: str) -> None:
    found = uses()
    found.note([called(), answered(error=error), called(number=2), answered(number=2)])
    assert found.used_up == ()


def test_a_call_whose_result_opens_the_next_response_counts_once() -> None:
    found = uses()
    found.note([called()])
    found.note([answered(), called(number=2), answered(number=2)])
    assert found.used_up == ("web_search",)


def test_code_has_no_limit() -> None:
    found = uses()
    for number in range(9):
        found.note([called("bash_code_execution", number)])
    assert not found.exceeds("bash_code_execution")
    assert found.used_up == ()


def test_a_call_without_its_result_is_pending() -> None:
    assert has_pending([called()])
    assert not has_pending([called(), answered()])
    assert not has_pending([Text("x")])
    assert not has_pending([])


def test_claude_is_told_which_tools_are_used_up() -> None:
    assert "web_search and web_fetch" in used_up_text(["web_search", "web_fetch"])
