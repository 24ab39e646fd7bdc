"""Uploads to a local Files API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from anthropic import AsyncAnthropic

from bot.claude.files import LONGEST_EXPIRY_S, Files
from bot.conversation.errors import ClaudeError
from bot.local.simulator.claude import Claude, HandClock
from tests.files import samples

PNG = samples.picture("PNG", (28, 28))


@pytest.fixture
async def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def claude(clock: HandClock) -> AsyncIterator[Claude]:
    async with Claude(clock=clock) as server:
        yield server


@pytest.fixture
async def sdk(claude: Claude) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(api_key="a key", base_url=claude.base_url, max_retries=0) as sdk:
        yield sdk


async def test_a_file_is_uploaded_with_a_neutral_name_and_an_expiry(
    claude: Claude, clock: HandClock, sdk: AsyncAnthropic
) -> None:
    files = Files(sdk, expires_in_s=7200)
    file_id = await files.upload(PNG, "image/png")
    assert file_id is not None
    assert claude.files.find(file_id).filename == "file.png"
    assert await files.missing([file_id, "file_other"]) == {"file_other"}
    clock.advance(7201)
    assert file_id in claude.files.files
    with pytest.raises(Exception, match="expired"):
        claude.files.find(file_id)


async def test_an_expiry_stays_within_what_the_api_allows(claude: Claude, sdk: AsyncAnthropic) -> None:
    for wanted in (1, 100 * LONGEST_EXPIRY_S):
        assert await Files(sdk, expires_in_s=wanted).upload(PNG, "image/png")
    assert len(claude.files.files) == 2


async def test_an_upload_that_the_api_refuses_is_an_error_of_ours(sdk: AsyncAnthropic) -> None:
    with pytest.raises(ClaudeError):
        await Files(sdk, expires_in_s=7200).upload(PNG, "image/jpeg")


async def test_a_server_without_a_files_api_is_asked_once() -> None:
    asked = 0

    async def handle(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        async with AsyncAnthropic(api_key="a key", base_url=f"http://{host}:{port}", max_retries=0) as sdk:
            files = Files(sdk, expires_in_s=7200)
            assert await files.upload(PNG, "image/png") is None
            assert await files.upload(PNG, "image/png") is None
    finally:
        await runner.cleanup()
    assert asked == 1
