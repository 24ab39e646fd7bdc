"""What only the operator can put right is an error in the log, once until it was well again."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.claude.client import Claude
from bot.conversation import error_wording
from bot.conversation.errors import ClaudeAccountDisabled, ClaudeError, ClaudeWrongAddress
from bot.conversation.request import Request
from tests.claude.server import Answer, Server, refusal, reply
from tests.claude.test_failures import CREDIT, LIMIT

DISABLED = "This organization has been disabled."
PAGE = Answer((b"<html>no such page</html>",), status=404, content_type="text/html")

TROUBLES = [
    (refusal(401, "authentication_error"), "ANTHROPIC_API_KEY"),
    (refusal(403, "permission_error"), "ANTHROPIC_API_KEY"),
    (refusal(400, "invalid_request_error", DISABLED), "support.claude.com"),
    (refusal(402, "billing_error"), "Billing"),
    (refusal(400, "invalid_request_error", LIMIT), "Billing"),
    (refusal(400, "invalid_request_error", CREDIT), "Billing"),
    (refusal(429, "rate_limit_error", code="enforced_spend_limit_reached"), "Billing"),
    (PAGE, "ANTHROPIC_BASE_URL"),
]


async def errors(claude: Claude, request: Request, times: int) -> tuple[list[Any], list[ClaudeError]]:
    """Ask so many times; returns what the operator is told as an error, and what came of the requests."""
    met: list[ClaudeError] = []
    with capture_logs() as logs:
        for _ in range(times):
            try:
                async for _ in claude.stream(request):
                    pass
            except ClaudeError as error:
                met.append(error)
    return [entry for entry in logs if entry["log_level"] == "error"], met


@pytest.mark.parametrize(("answer", "setting"), TROUBLES)
async def test_the_operator_is_told_once_what_to_do_and_again_after_it_was_well(
    server: Server, claude: Claude, request_: Request, answer: Answer, setting: str
) -> None:
    server.answers.extend([answer, answer, answer, reply("well"), answer, answer])
    told, met = await errors(claude, request_, 6)
    assert len(met) == 5
    assert [entry["event"] for entry in told] == ["claude_unusable"] * 2
    assert setting in told[0]["hint"]
    assert "/reset" not in error_wording.explain(met[0])


async def test_another_trouble_is_told_too(server: Server, claude: Claude, request_: Request) -> None:
    server.answers.extend([TROUBLES[0][0], TROUBLES[3][0], TROUBLES[0][0]])
    told, _ = await errors(claude, request_, 3)
    assert [entry["error"] for entry in told] == ["ClaudeKeyRefused", "ClaudeSpendLimit"]


async def test_what_passes_by_itself_is_no_error(server: Server, claude: Claude, request_: Request) -> None:
    server.answers.extend([refusal(429, "rate_limit_error", headers={"retry-after": "999"})])
    told, met = await errors(claude, request_, 1)
    assert (told, len(met)) == ([], 1)


@pytest.mark.parametrize(
    "answer",
    [
        PAGE,
        Answer((b'{"detail":"Not Found"}',), status=404, content_type="application/json"),
        Answer((b"404 page not found",), status=404, content_type="text/plain"),
        refusal(404, "not_found_error", "Not Found"),
        refusal(404, "not_found_error", "Not found."),
        refusal(405, "odd"),
    ],
)
async def test_an_address_without_the_api_is_not_taken_for_a_missing_model(
    server: Server, claude: Claude, request_: Request, answer: Answer
) -> None:
    server.answers.append(answer)
    _, (error,) = await errors(claude, request_, 1)
    assert type(error) is ClaudeWrongAddress


@pytest.mark.parametrize("answer", [PAGE, Answer((b"<html>hello</html>",), content_type="text/html")])
async def test_a_check_finds_out_that_there_is_no_api(server: Server, claude: Claude, answer: Answer) -> None:
    server.models["/v1/models"] = answer
    server.answers.append(answer)
    with pytest.raises(ClaudeWrongAddress):
        await claude.check_model("claude-sonnet-5-5")


async def test_a_check_is_content_with_the_messages_api_alone(server: Server, claude: Claude) -> None:
    server.models["/v1/models"] = PAGE
    server.models["/v1/models/claude-sonnet-5-5"] = PAGE
    server.answers.append(refusal(400, "invalid_request_error", "messages: at least one message is required"))
    assert await claude.check_model("claude-sonnet-5-5") is not None


async def test_a_disabled_organization_is_found_out_by_a_check(server: Server, claude: Claude) -> None:
    server.models["/v1/models"] = refusal(400, "invalid_request_error", DISABLED)
    with pytest.raises(ClaudeAccountDisabled):
        await claude.check_model("claude-sonnet-5-5")
