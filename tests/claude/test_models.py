from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.claude.client import Claude
from bot.claude.models import ModelInfo, from_api, from_table
from bot.conversation.errors import ClaudeKeyRefused, ClaudeModelUnknown
from bot.conversation.request import Effort
from tests.claude.server import Answer, Server, refusal

MODEL = "claude-sonnet-5-5"
PATH = f"/v1/models/{MODEL}"
ALL_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


def answer(body: Any) -> Answer:
    return Answer((json.dumps(body).encode(),), content_type="application/json")


def described(**changes: Any) -> dict[str, Any]:
    levels = {level: {"supported": level != "xhigh"} for level in ALL_EFFORTS}
    return {
        "id": MODEL,
        "type": "model",
        "display_name": "Claude Sonnet 5.5",
        "created_at": "2026-09-28T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 900_000,
        "max_tokens": 100_000,
        "capabilities": {"effort": {"supported": True, **levels}},
        **changes,
    }


def listing(*ids: str) -> Answer:
    return answer({"data": [{"id": id_} for id_ in ids], "has_more": False})


async def check(
    claude: Claude, model: str = MODEL, **limits: float
) -> tuple[ModelInfo | None, list[EventDict]]:
    with capture_logs() as logs:
        info = await claude.check_model(model, **limits)
    return info, [line for line in logs if line["log_level"] == "warning"]


async def test_the_models_api_says_what_a_model_can_do(server: Server, claude: Claude) -> None:
    server.models[PATH] = answer(described())
    info, warnings = await check(claude)
    assert info == ModelInfo(MODEL, 900_000, 100_000, ("low", "medium", "high", "max"))
    assert info.takes_effort
    assert warnings == []


async def test_what_the_models_api_leaves_open_comes_from_the_table(server: Server, claude: Claude) -> None:
    gaps = {"max_input_tokens": None, "max_tokens": None, "capabilities": None}
    server.models[PATH] = answer(described(**gaps))
    info, warnings = await check(claude)
    assert info == ModelInfo(MODEL, 1_000_000, 128_000, ALL_EFFORTS)
    assert warnings == []


def test_a_model_without_effort_takes_none() -> None:
    info = from_api(
        MODEL, described(capabilities={"effort": {"supported": False, "low": {"supported": True}}})
    )
    assert info is not None
    assert not info.takes_effort


@pytest.mark.parametrize(
    ("lifecycle", "retires_at"), [("deprecated", "2026-11-30T00:00:00Z"), ("retired", None)]
)
async def test_a_model_that_ends_soon_is_announced_in_one_line(
    server: Server, claude: Claude, lifecycle: str, retires_at: str | None
) -> None:
    server.models[PATH] = answer(described(lifecycle=lifecycle, retires_at=retires_at))
    info, warnings = await check(claude)
    assert info is not None
    assert info.deprecated
    assert [(line["event"], line["retires"]) for line in warnings] == [
        ("model_deprecated", retires_at and retires_at[:10])
    ]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_stops_the_start(server: Server, claude: Claude, status: int) -> None:
    server.models[PATH] = refusal(status, "authentication_error")
    with pytest.raises(ClaudeKeyRefused):
        await claude.check_model(MODEL)


async def test_a_key_refused_by_the_list_stops_the_start(server: Server, claude: Claude) -> None:
    server.models["/v1/models"] = refusal(401, "authentication_error")
    with pytest.raises(ClaudeKeyRefused):
        await claude.check_model(MODEL)


async def test_an_unknown_model_is_refused_with_near_matches(server: Server, claude: Claude) -> None:
    server.models["/v1/models"] = listing("claude-opus-5-5", "claude-sonnet-5-5", "unlike")
    with pytest.raises(ClaudeModelUnknown) as caught:
        await claude.check_model("claude-sonet-5.5")
    assert str(caught.value).startswith("no model is called 'claude-sonet-5.5'; near: claude-sonnet-5-5")
    assert "unlike" not in str(caught.value)


async def test_a_model_that_is_listed_but_not_described_is_known_from_the_table(
    server: Server, claude: Claude
) -> None:
    server.models["/v1/models"] = listing(MODEL)
    info, warnings = await check(claude)
    assert info == from_table(MODEL)
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "odd",
    [
        refusal(404, "not_found_error"),
        refusal(405, "odd"),
        refusal(429, "rate_limit_error"),
        refusal(500, "api_error"),
        Answer((b"<html></html>",), content_type="text/html"),
        answer([]),
        answer({}),
        answer({"id": 7}),
        answer("hello"),
        Answer((b"\xff",), content_type="application/json"),
        Answer(before_headers="drop"),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/v1/models"])
async def test_a_server_without_a_models_api_is_no_reason_not_to_start(
    server: Server, claude: Claude, path: str, odd: Answer
) -> None:
    server.models[path] = odd
    info, warnings = await check(claude)
    assert info == from_table(MODEL)
    assert [line["event"] for line in warnings] == ["model_unchecked"]


async def test_a_foreign_model_of_a_server_without_a_models_api_is_simply_not_known(claude: Claude) -> None:
    info, warnings = await check(claude, "our-own-model")
    assert info is None
    assert [line["event"] for line in warnings] == ["model_unchecked"]


async def test_a_model_with_a_slash_in_its_name_is_asked_about_by_its_whole_name(
    server: Server, claude: Claude
) -> None:
    server.models["/v1/models"] = listing("anthropic/claude-sonnet-5-5")
    info, warnings = await check(claude, "anthropic/claude-sonnet-5-5")
    assert info is None
    assert [line["event"] for line in warnings] == ["model_unchecked"]


async def test_a_server_that_does_not_answer_holds_the_start_for_its_limit_only(
    server: Server, claude: Claude
) -> None:
    server.models[PATH] = Answer(before_headers="hang")
    info, warnings = await check(claude, timeout_s=0.1)
    assert info == from_table(MODEL)
    assert [line["event"] for line in warnings] == ["model_unchecked"]


def test_a_dated_id_is_known_by_its_family() -> None:
    info = from_table("claude-haiku-4-5-20251001")
    assert info is not None
    assert (info.id, info.context_tokens, info.takes_effort) == ("claude-haiku-4-5-20251001", 200_000, False)


def test_the_table_knows_which_models_end() -> None:
    info = from_table("claude-sonnet-4-5")
    assert info == ModelInfo("claude-sonnet-4-5", deprecated=True, retires="November 30th, 2026")


def test_nobody_knows_a_model_that_is_in_no_table() -> None:
    assert from_table("gpt-2") is None
