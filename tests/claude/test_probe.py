"""What is asked of the Claude API, on the local one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.claude.client import Claude
from bot.claude.probe import claude_facts
from bot.local.simulator import claude as simulator

MODEL = "claude-sonnet-5-5"


@asynccontextmanager
async def client(base_url: str) -> AsyncIterator[Claude]:
    """A client without a bot around it."""
    async with Claude(
        api_key="key", base_url=base_url, first_text_timeout_s=5.0, stall_timeout_s=5.0
    ) as made:
        yield made


async def test_the_api_has_files_and_tools_and_is_asked_for_no_message() -> None:
    server = simulator.Claude()
    await server.start()
    async with client(server.base_url) as claude:
        facts = await claude_facts(claude, MODEL)
    assert (facts.is_listed, facts.has_files, facts.has_tools, facts.count_problem) == (True, True, True, "")
    assert facts.info is not None
    assert facts.info.output_tokens
    assert list(server.requests) == []
    await server.stop()


async def test_a_server_with_messages_only_is_unknown_in_the_rest() -> None:
    async def absent(_: web.Request) -> web.Response:
        return web.json_response({"type": "error", "error": {"type": "not_found_error"}}, status=404)

    async with served(absent) as url, client(url) as claude:
        facts = await claude_facts(claude, MODEL)
    assert (facts.is_listed, facts.has_files, facts.has_tools, facts.count_problem) == (
        False,
        False,
        None,
        "",
    )


async def test_a_key_that_may_not_use_the_model_and_tools_that_are_refused() -> None:
    async def refused(request: web.Request) -> web.Response:
        if not request.path.endswith("count_tokens"):
            return web.json_response({"data": [], "has_more": False})
        if (await request.json())["model"] == "forbidden":
            return _error(403, "permission_error")
        if "tools" in await request.json():
            return _error(400, "invalid_request_error")
        return web.json_response({"input_tokens": 3})

    async with served(refused) as url, client(url) as claude:
        assert "403" in (await claude_facts(claude, "forbidden")).count_problem
        facts = await claude_facts(claude, MODEL)
    assert (facts.has_tools, facts.has_files) == (False, True)


async def test_a_server_that_cannot_be_reached_is_told_apart_from_one_that_lists_nothing() -> None:
    async with served(_nothing) as url:
        gone = url  # nobody listens there any more
    async with client(gone) as claude:
        facts = await claude_facts(claude, MODEL)
    assert facts.unreachable
    assert (facts.is_listed, facts.has_files, facts.has_tools) == (False, None, None)


async def _nothing(_: web.Request) -> web.Response:
    return web.Response()


def _error(status: int, kind: str) -> web.Response:
    return web.json_response({"type": "error", "error": {"type": kind, "message": "no"}}, status=status)


@asynccontextmanager
async def served(handler: Any) -> AsyncIterator[str]:
    """A server that answers every request by one handler."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
