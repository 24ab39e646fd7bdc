"""The checker of requests finds what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest

from bot.local.simulator.discord.rest.server import Recorded
from tests.local.simulator.openapi import checker


def recorded(method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Recorded:
    return Recorded(method, path, path, query or {}, body, [], "token", 0.0, 200)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (recorded("GET", "/nonsense"), "no such operation"),
        (recorded("PUT", "/users/@me"), "no such operation"),
        (recorded("GET", "/channels/1/messages", query={"page": "2"}), "unknown query parameter 'page'"),
        (recorded("POST", "/channels/1/messages", {"content": 5}), "content"),
        (recorded("POST", "/channels/1/messages", {"nonce": "n" * 26}), "nonce"),
        (recorded("POST", "/channels/1/messages"), "body is missing"),
        (recorded("POST", "/channels/1/typing", {"x": 1}), "should have none"),
    ],
)
def test_a_request_that_the_document_does_not_allow_is_named(request_: Recorded, said: str) -> None:
    problems = checker().request_problems(request_)
    assert len(problems) == 1
    assert said in problems[0]


def test_a_good_request_has_no_problems() -> None:
    known = checker()
    assert known.request_problems(recorded("GET", "/users/@me")) == []
    body = {"content": "x", "nonce": "1", "enforce_nonce": True, "attachments": [{"id": 0, "filename": "a"}]}
    assert known.request_problems(recorded("POST", "/channels/1/messages", body)) == []
