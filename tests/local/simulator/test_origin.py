"""What a web page that somebody visits on the same machine can do with the stand-ins: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.local.simulator.claude import Claude
from bot.local.simulator.discord import Discord
from bot.local.simulator.origin import CONTENT_SECURITY_POLICY

FOREIGN = {
    "a page of another site": {"Origin": "http://evil.example"},
    "a page on another port": {"Origin": "http://127.0.0.1:1"},
    "a page without an origin": {"Origin": "null"},
    "a name that was bound anew to this machine": {"Host": "rebound.example"},
    "such a name with an address in it": {"Host": "127.0.0.1.evil.example"},
    "a broken name": {"Host": "[::1"},
    "a picture or a script on a page of another site": {"Sec-Fetch-Site": "cross-site"},
    "a picture or a script on a page of another port": {"Sec-Fetch-Site": "same-site"},
    "a frame": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "iframe",
    },
}
FOLLOWED_LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    started = Discord()
    await started.start()
    yield started
    await started.stop()


def routes(runner: web.AppRunner | None) -> list[tuple[str, str]]:
    """A request to each route of a server, and to none."""
    assert runner is not None
    known = []
    for route in runner.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        for parameter in ("{path}", "{tail}"):
            path = path.replace(parameter, "x")
        while "{" in path:
            path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
        known.append(("GET" if route.method == "*" else route.method, path))
    return [*known, ("GET", "/no-route")]


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_a_foreign_page_is_refused_on_every_route_of_the_local_discord(
    discord: Discord, session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    asked = routes(discord._runner)
    assert ("GET", "/gateway") in asked
    assert ("POST", "/api/v10/channels/1/messages") in asked
    for method, path in asked:
        async with session.request(method, discord.page_url[:-1] + path, headers=headers) as response:
            assert (path, response.status) == (path, 403)
            if method != "HEAD":
                assert set(await response.json()) == {"error"}
    assert not discord.requests


async def test_a_foreign_page_opens_no_gateway(discord: Discord, session: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(discord.gateway_url, origin="http://evil.example")
    assert refused.value.status == 403


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_a_foreign_page_is_refused_by_the_local_claude(
    session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with Claude() as claude:
        for method, path in routes(claude._runner):
            async with session.request(method, claude.base_url + path, headers=headers) as response:
                assert (path, response.status) == (path, 403)
        assert not claude.calls


async def test_the_page_itself_and_a_followed_link_are_served(
    discord: Discord, session: aiohttp.ClientSession
) -> None:
    own = {"Origin": discord.page_url.rstrip("/"), "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    for path, headers in (
        ("control/state", own),
        ("", FOLLOWED_LINK),
        ("", {}),
        ("", {"Sec-Fetch-Site": "none"}),
    ):
        async with session.get(discord.page_url + path, headers=headers) as response:
            assert response.status == 200
    async with session.get(discord.page_url + "control/state", headers=FOLLOWED_LINK) as response:
        assert response.status == 403


async def test_the_browser_is_told_to_load_nothing_from_elsewhere_and_to_frame_nothing(
    discord: Discord, session: aiohttp.ClientSession
) -> None:
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    for path in ("", "static/app.js", "control/state", "none"):
        async with session.get(discord.page_url + path) as response:
            assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_that_somebody_posted_runs_nothing_in_the_page(
    discord: Discord, session: aiohttp.ClientSession
) -> None:
    guild = discord.add_guild("Weavers")
    channel = discord.add_channel(guild, "general")
    ann = discord.add_user("ann", "Ann", guild)
    posted = await ann.post(
        channel, "look", attachments=[("a.html", "text/html", b"<script src=/static/app.js>")]
    )
    async with session.get(posted["attachments"][0]["url"]) as response:
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Content-Disposition"] == "attachment"
