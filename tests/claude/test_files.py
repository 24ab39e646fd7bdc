"""Uploads to a local Files API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from anthropic import AsyncAnthropic

from bot.claude.files import IDS_MAX, LONGEST_EXPIRY_S, PAGE_FILES, Files, file_name
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
    file_id = await files.upload(file_name("a1b2", "image/png"), PNG, "image/png")
    assert file_id is not None
    assert claude.files.find(file_id).filename == "a1b2.png"
    assert await files.missing([file_id, "file_other"]) == {"file_other"}
    clock.advance(7201)
    assert file_id in claude.files.files
    with pytest.raises(Exception, match="expired"):
        claude.files.find(file_id)


async def test_an_upload_lives_as_long_as_the_api_allows_if_nothing_deletes_it(
    clock: HandClock, claude: Claude, sdk: AsyncAnthropic
) -> None:
    file_id = await Files(sdk).upload("a.png", PNG, "image/png")
    assert file_id is not None
    clock.advance(LONGEST_EXPIRY_S - 1)
    assert claude.files.find(file_id)


async def test_a_file_is_found_by_its_digest_on_any_page(sdk: AsyncAnthropic, claude: Claude) -> None:
    files = Files(sdk)
    wanted = [await files.upload(file_name(digest, "image/png"), PNG, "image/png") for digest in ("d1", "d2")]
    other = next(iter(claude.files.files.values()))
    for number in range(PAGE_FILES):
        claude.files.files[f"file_x{number}"] = replace(other, id=f"file_x{number}", filename="other.png")
    assert await files.find(("d2", "d1", "d9")) == {"d1": wanted[0], "d2": wanted[1]}
    assert await files.find(("d9",)) == {}


async def test_a_file_that_is_deleted_already_is_no_error(sdk: AsyncAnthropic, claude: Claude) -> None:
    files = Files(sdk)
    file_id = await files.upload("a.png", PNG, "image/png")
    for _ in range(2):
        await files.delete(str(file_id))
    assert not claude.files.files
    claude.key = "another key"
    with pytest.raises(ClaudeError):
        await files.delete("file_1")


async def test_of_any_number_of_ids_those_without_a_file_are_missing(
    sdk: AsyncAnthropic, claude: Claude
) -> None:
    files = Files(sdk)
    await files.upload("a.png", PNG, "image/png")
    other = next(iter(claude.files.files.values()))
    claude.files.files.update({f"file_x{n}": replace(other, id=f"file_x{n}") for n in range(2 * IDS_MAX)})
    del claude.files.files["file_x7"], claude.files.files["file_x150"]
    asked = [f"file_x{n}" for n in range(2 * IDS_MAX)]
    assert await files.missing(asked) == {"file_x7", "file_x150"}


async def test_an_upload_that_the_api_refuses_is_an_error_of_ours(sdk: AsyncAnthropic) -> None:
    with pytest.raises(ClaudeError):
        await Files(sdk, expires_in_s=7200).upload("a.jpg", PNG, "image/jpeg")


async def test_a_server_without_a_files_api_is_asked_once_and_has_no_file() -> None:
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
            assert await files.upload("a.png", PNG, "image/png") is None
            assert await files.upload("a.png", PNG, "image/png") is None
            assert not files.available
            assert await files.missing(["file_2", "file_1"]) == {"file_1", "file_2"}
    finally:
        await runner.cleanup()
    assert asked == 2
