"""The tools of remote servers: what is pinned, what is offered where, and what is told of a change."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from bot.config.settings import McpSettings
from bot.conversation.scope import Scope, Setting
from bot.store.keys import Keys
from bot.store.pinned_tools import PinnedTools
from bot.store.scope_settings import ScopeSettings
from bot.tools.mcp.remote_tools import NotListed, RemoteTools
from bot.tools.mcp.server import ServerDown
from bot.tools.tool import ToolPlace
from tests.tools.mcp_process import free_port, mcp_process
from tests.tools.test_mcp_results import convert

KEYS = Keys("test")
PLACE = ToolPlace(1, 2, 3)
SERVER = 1 << 50


def remote_tools(redis: Redis, port: int, *taken: str, **settings: Any) -> RemoteTools:
    given = {"name": "wiki", "url": f"http://127.0.0.1:{port}/mcp", "private": True} | settings
    scope_settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    server = McpSettings.model_validate(given)
    return RemoteTools([server], PinnedTools(redis, KEYS), scope_settings, convert, taken.__contains__)


def by_scope(pins: dict[str, str | None]) -> dict[Scope, dict[str, Setting]]:
    """The settings of a server in which the search is on."""
    held = {name: Setting(value) for name, value in pins.items() if value}
    return {Scope.SERVER: held | {"tool:wiki_search": Setting("on")}}


async def names(tools: RemoteTools, settings: Any, place: ToolPlace = PLACE) -> list[str]:
    return [tool.name for tool in await tools.offered(place, settings)]


async def test_switching_on_pins_what_the_server_says_and_another_process_offers_the_same(
    redis: Redis,
) -> None:
    port = free_port()
    async with mcp_process(port):
        tools = remote_tools(redis, port)
        pins = await tools.settings_with(PLACE, "wiki_search", "on")
    assert set(pins) == {"pin:wiki_search"}
    offered = await tools.offered(PLACE, by_scope(pins))
    assert [tool.name for tool in offered] == ["wiki_search"]
    other = remote_tools(redis, port)
    assert await other.offered(PLACE, by_scope(pins)) == offered
    assert (found := other.find("wiki_search")) is not None
    assert (found.asks, found.changes) == (False, False)


async def test_a_tool_without_a_pin_or_switched_off_is_not_offered(redis: Redis) -> None:
    port = free_port()
    async with mcp_process(port):
        tools = remote_tools(redis, port)
        pins = await tools.settings_with(PLACE, "wiki_search", "on")
    assert await names(tools, by_scope({})) == []
    off = by_scope(pins)
    off[Scope.SERVER]["tool:wiki_search"] = Setting("off")
    assert await names(tools, off) == []
    assert await tools.settings_with(PLACE, "wiki_search", "off") == {"pin:wiki_search": None}
    assert await tools.settings_with(PLACE, "wiki_search", None) == {"pin:wiki_search": None}


async def test_a_tool_that_is_not_there_cannot_be_switched_on(redis: Redis) -> None:
    port = free_port()
    tools = remote_tools(redis, port)
    with pytest.raises(ServerDown, match="wiki cannot be reached"):
        await tools.settings_with(PLACE, "wiki_search", "on")
    async with mcp_process(port):
        tools = remote_tools(redis, port)
        with pytest.raises(NotListed, match="no tool of this name"):
            await tools.settings_with(PLACE, "wiki_loom", "ask")
    assert await tools.settings_with(PLACE, "time_in", "on") == {}


@pytest.mark.parametrize(
    ("scopes", "place", "is_offered"),
    [
        ({}, PLACE, True),
        ({}, ToolPlace(9), False),
        ({"servers": [SERVER]}, PLACE, False),
        ({"servers": [SERVER]}, ToolPlace(1, 2, SERVER), True),
        ({"channels": [SERVER + 1]}, PLACE, False),
        ({"channels": [SERVER + 1]}, ToolPlace(1, SERVER + 1, 3), True),
        ({"servers": [SERVER], "channels": [SERVER + 1]}, ToolPlace(1, SERVER + 1, 3), False),
        ({"tools": ["note"]}, PLACE, False),
    ],
)
async def test_the_operator_says_where_a_pinned_tool_may_be(
    redis: Redis, scopes: dict[str, Any], place: ToolPlace, is_offered: bool
) -> None:
    port = free_port()
    async with mcp_process(port):
        pins = await remote_tools(redis, port).settings_with(PLACE, "wiki_search", "on")
    assert (
        await names(remote_tools(redis, port, **scopes), by_scope(pins), place)
        == ["wiki_search"] * is_offered
    )


async def test_a_name_of_a_tool_of_ours_is_never_theirs(redis: Redis) -> None:
    port = free_port()
    async with mcp_process(port):
        pins = await remote_tools(redis, port).settings_with(PLACE, "wiki_search", "on")
        tools = remote_tools(redis, port, "wiki_search")
        await tools.refresh(PLACE)
        assert await names(tools, by_scope(pins)) == []
        assert "wiki_search" not in [tool.name for tool in tools.available(PLACE)]


async def test_a_change_is_told_with_both_descriptions(redis: Redis) -> None:
    port = free_port()
    async with mcp_process(port):
        tools = remote_tools(redis, port)
        pins = await tools.settings_with(PLACE, "wiki_search", "on")
        assert await tools.changes(PLACE, by_scope(pins)) == ()
    async with mcp_process(port, DESCRIPTION="Search everything.", READ_ONLY="0"):
        (change,) = await remote_tools(redis, port).changes(PLACE, by_scope(pins))
    assert change.tool == "wiki_search"
    assert "Search the wiki." in change.told
    assert "Search everything." in change.told
    assert "changes something" in change.told


async def test_a_server_that_is_down_has_changed_nothing(redis: Redis) -> None:
    port = free_port()
    async with mcp_process(port):
        pins = await remote_tools(redis, port).settings_with(PLACE, "wiki_search", "on")
    assert await remote_tools(redis, port).changes(PLACE, by_scope(pins)) == ()
