"""Keys, versions, and bodies that are no requests."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import aiohttp
import anthropic
import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude import Claude

BODY = {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
VERSION = {"anthropic-version": "2026-10-21"}


@pytest.fixture
async def http(claude: Claude) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=claude.base_url) as session:
        yield session


@pytest.mark.parametrize(
    ("headers", "status", "kind", "message"),
    [
        ({"x-api-key": "a key", **VERSION}, 200, None, ""),
        ({"authorization": "Bearer a key", **VERSION}, 200, None, ""),
        ({"x-api-key": "a key", "anthropic-version": "2023-06-01"}, 200, None, ""),
        (VERSION, 401, "authentication_error", "x-api-key header is required"),
        (
            {"authorization": "Bearer ", **VERSION},
            401,
            "authentication_error",
            "x-api-key header is required",
        ),
        (
            {"authorization": "Basic abc", **VERSION},
            401,
            "authentication_error",
            "x-api-key header is required",
        ),
        ({"x-api-key": "another", **VERSION}, 401, "authentication_error", "invalid x-api-key"),
        ({"authorization": "Bearer another", **VERSION}, 401, "authentication_error", "Invalid bearer token"),
        ({"x-api-key": "a key"}, 400, "invalid_request_error", "anthropic-version: header is required"),
        (
            {"x-api-key": "a key", "anthropic-version": "1999-01-01"},
            400,
            "invalid_request_error",
            'anthropic-version: "1999-01-01" is not a valid version',
        ),
    ],
)
async def test_a_request_names_a_key_and_a_version(
    claude: Claude,
    http: aiohttp.ClientSession,
    headers: dict[str, str],
    status: int,
    kind: str | None,
    message: str,
) -> None:
    claude.key = "a key"
    async with http.post("/v1/messages", json=BODY, headers=headers) as response:
        answer = await response.json()
    assert response.status == status
    assert response.headers["request-id"] == claude.requests[0].request_id
    if kind:
        assert answer == {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": claude.requests[0].request_id,
        }


async def test_without_a_key_of_its_own_any_key_will_do(claude: Claude, sdk: AsyncAnthropic) -> None:
    await sdk.with_options(api_key="whatever").models.list()


async def test_a_wrong_key_is_an_authentication_error_of_the_sdk(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.key = "the right one"
    with pytest.raises(anthropic.AuthenticationError) as caught:
        await sdk.models.list()
    assert caught.value.type == "authentication_error"


async def test_the_record_holds_the_headers_but_never_the_key(
    claude: Claude, http: aiohttp.ClientSession
) -> None:
    headers = {"X-Api-Key": "SECRET", "Authorization": "Bearer SECRET", "X-Other": "kept", **VERSION}
    await http.post("/v1/messages", json=BODY, headers=headers)
    assert claude.requests[0].headers["x-other"] == "kept"
    assert "SECRET" not in repr(claude.calls)


@pytest.mark.parametrize(
    ("raw", "status", "message"),
    [
        (b"{", 400, "The request body is not valid JSON"),
        (b'"\\ud83d"', 400, "The request body is not valid JSON: no low surrogate in string"),
        (b"[]", 400, "Input should be a valid dictionary"),
        (b"\xff\xfe", 400, "The request body is not valid JSON"),
        (b'"' + b"x" * (32 * 1024 * 1024) + b'"', 413, "Request exceeds the maximum size"),
    ],
    ids=["half", "surrogate", "list", "bytes", "too large"],
)
async def test_a_body_that_cannot_be_read_is_refused(
    http: aiohttp.ClientSession, raw: bytes, status: int, message: str
) -> None:
    async with http.post(
        "/v1/messages", data=io.BytesIO(raw), headers={"x-api-key": "a key", **VERSION}
    ) as response:
        answer = await response.json()
    assert response.status == status
    assert answer["error"]["message"].startswith(message)


async def test_other_paths_are_not_found(http: aiohttp.ClientSession) -> None:
    async with http.get("/v1/complete", headers={"x-api-key": "a key", **VERSION}) as response:
        assert response.status == 404
        assert (await response.json())["error"]["type"] == "not_found_error"


async def test_an_older_version_still_takes_a_temperature(http: aiohttp.ClientSession) -> None:
    body = {**BODY, "model": "claude-sonnet-4-6", "temperature": 0.3}
    for version, status in (("2023-06-01", 200), ("2026-10-21", 400)):
        headers = {"x-api-key": "a key", "anthropic-version": version}
        async with http.post("/v1/messages", json=body, headers=headers) as response:
            assert response.status == status
