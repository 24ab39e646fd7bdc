from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.claude.client import Claude
from bot.claude.models import TABLE, from_api, from_table
from bot.conversation.errors import ClaudeKeyRefused, ClaudeModelUnknown
from bot.conversation.model import ModelInfo
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
        "line": "sonnet",
        "max_input_tokens": 900_000,
        "max_tokens": 100_000,
        "capabilities": {
            "effort": {"supported": True, **levels},
            "thinking": {
                "supported": True,
                "types": {
                    "adaptive": {"supported": True},
                    "disabled": {"supported": True},
                    "enabled": {"supported": False},
                },
            },
        },
        **changes,
    }


def listing(*models: str | dict[str, Any]) -> Answer:
    data = [{"id": model} if isinstance(model, str) else model for model in models]
    return answer({"data": data, "has_more": False})


async def check(
    claude: Claude, model: str = MODEL, **limits: float
) -> tuple[ModelInfo | None, list[EventDict]]:
    with capture_logs() as logs:
        info = await claude.check_model(model, **limits)
    return info, [line for line in logs if line["log_level"] == "warning"]


async def test_the_models_api_says_what_a_model_can_do(server: Server, claude: Claude) -> None:
    server.models[PATH] = answer(described())
    info, warnings = await check(claude)
    assert info == ModelInfo(
        MODEL,
        900_000,
        100_000,
        ("low", "medium", "high", "max"),
        ("adaptive", "disabled"),
        name="Claude Sonnet 5.5",
        line="sonnet",
        released=dt.date(2026, 9, 28),
    )
    assert warnings == []


async def test_what_the_models_api_leaves_open_comes_from_the_table(server: Server, claude: Claude) -> None:
    gaps = {"max_input_tokens": None, "max_tokens": None, "capabilities": None}
    server.models[PATH] = answer(described(**gaps))
    info, warnings = await check(claude)
    assert info == TABLE[MODEL]
    assert warnings == []


def test_a_model_without_effort_takes_none() -> None:
    info = from_api(
        MODEL, described(capabilities={"effort": {"supported": False, "low": {"supported": True}}})
    )
    assert info is not None
    assert not any(info.takes(effort) for effort in ALL_EFFORTS)


async def test_a_model_that_ends_soon_is_announced_in_one_line_with_its_successor(
    server: Server, connect: Callable[..., Claude]
) -> None:
    ending = described(lifecycle="deprecated", retires_at="2026-11-30T00:00:00Z")
    server.models["/v1/models"] = listing(ending, described(id="claude-sonnet-6", created_at="2027-01-01"))
    claude = connect(today=lambda: dt.date(2026, 11, 22))
    info, warnings = await check(claude)
    assert info is not None
    assert info.deprecated
    assert warnings == []
    with capture_logs() as logs:
        claude.catalogue.announce(MODEL)
    (line,) = logs
    assert (line["event"], line["model"], line["retires"], line["days"], line["successor"]) == (
        "model_ends",
        MODEL,
        "2026-11-30",
        8,
        "claude-sonnet-6",
    )


async def test_a_retired_model_stops_the_start_and_names_the_successor_that_was_configured(
    server: Server, connect: Callable[..., Claude]
) -> None:
    server.models["/v1/models"] = listing(described(lifecycle="retired", retires_at="2026-11-30T00:00:00Z"))
    with pytest.raises(ClaudeModelUnknown) as caught:
        await connect(successor="claude-opus-5-5").check_model(MODEL)
    assert str(caught.value) == f"{MODEL} was retired on 2026-11-30"
    assert (caught.value.model, caught.value.successor) == (MODEL, "claude-opus-5-5")


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
    assert (
        str(caught.value)
        .partition(": ")[2]
        .startswith("no model is called 'claude-sonet-5.5'; near: claude-sonnet-5-5")
    )
    assert "unlike" not in str(caught.value)


async def test_a_model_that_is_listed_but_not_described_is_known_from_the_table(
    server: Server, claude: Claude
) -> None:
    server.models["/v1/models"] = listing(MODEL)
    info, warnings = await check(claude)
    assert info == from_table(MODEL)
    assert warnings == []


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


async def test_of_a_model_that_is_only_listed_nothing_is_known_and_everything_believed(
    server: Server, claude: Claude
) -> None:
    server.models["/v1/models"] = listing("anthropic/claude-sonnet-5-5")
    info, warnings = await check(claude, "anthropic/claude-sonnet-5-5")
    assert info == ModelInfo("anthropic/claude-sonnet-5-5")
    assert info.takes("xhigh")
    assert warnings == []


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
    assert (info.id, info.context_tokens, info.efforts) == ("claude-haiku-4-5-20251001", 200_000, ())


def test_the_table_knows_which_models_end() -> None:
    for name in ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"):
        info = from_table(name)
        assert info is not None
        assert (info.lifecycle, info.retires) == ("deprecated", dt.date(2026, 11, 30))


def test_what_the_models_api_calls_active_has_no_end_planned() -> None:
    info = from_api("claude-sonnet-4-5", described(id="claude-sonnet-4-5-20250929", retires_at=None))
    assert info is not None
    assert (info.lifecycle, info.retires) == ("active", None)


def test_nobody_knows_a_model_that_is_in_no_table() -> None:
    assert from_table("gpt-2") is None
