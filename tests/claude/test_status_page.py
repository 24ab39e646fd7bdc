"""The status page is asked once a minute, within bounds, and never at a private address by accident."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.claude import status_page
from bot.claude.status_page import StatusPage
from bot.config.public_address import is_private_host, is_public
from bot.telemetry.public_resolver import PublicResolver


@dataclass
class Server:
    """A page that answers with this status and body, on a real socket."""

    base: str = ""
    status: int = 200
    body: str = json.dumps({"status": {"indicator": "none", "description": "All Systems Operational"}})
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=self.status, text=self.body, headers=self.headers)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    app = web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def page(server: Server, *, private: bool = True, now: list[float] | None = None) -> StatusPage:
    clock = now if now is not None else [0.0]
    return StatusPage(f"{server.base}/api/v2/status.json", private=private, clock=lambda: clock[0])


@pytest.mark.parametrize(
    ("indicator", "incident"),
    [
        ("none", False),
        ("minor", True),
        ("major", True),
        ("critical", True),
        ("<script>", None),
        (["none"], None),
    ],
)
async def test_only_the_known_indicators_count(
    server: Server, indicator: object, incident: bool | None
) -> None:
    server.body = json.dumps({"status": {"indicator": indicator}})
    assert await page(server).has_incident() is incident


@pytest.mark.parametrize("body", ["", "[]", "null", '{"status": 1}', "<html>", "x" * 200_000])
async def test_anything_else_tells_nothing(server: Server, body: str) -> None:
    server.body = body
    assert await page(server).has_incident() is None


async def test_an_answer_counts_for_a_minute_for_all_who_ask(server: Server) -> None:
    now = [0.0]
    asked = page(server, now=now)
    assert await asyncio.gather(*(asked.has_incident() for _ in range(5))) == [False] * 5
    now[0] = 59.0
    await asked.has_incident()
    assert server.asked == 1
    now[0] = 61.0
    server.status = 500
    assert await asked.has_incident() is None
    assert await asked.has_incident() is None
    assert server.asked == 2


async def test_a_redirect_is_not_followed(server: Server) -> None:
    server.status, server.headers = 302, {"Location": f"{server.base}/elsewhere"}
    assert await page(server).has_incident() is None
    assert server.asked == 1


async def test_security_a_private_address_is_not_asked(server: Server) -> None:
    assert await page(server, private=False).has_incident() is None
    by_name = StatusPage(server.base.replace("127.0.0.1", "localhost"))
    assert await by_name.has_incident() is None
    assert server.asked == 0
    with pytest.raises(OSError, match="private"):
        await PublicResolver().resolve("localhost", 80)


async def test_security_a_name_that_stands_for_a_private_address_is_not_asked(server: Server) -> None:
    """The system reads 0x7f000001 as an address, which no check of the text finds."""
    named = f"{server.base.replace('127.0.0.1', '0x7f000001')}/api/v2/status.json"
    assert not is_private_host(named)
    assert await StatusPage(named).has_incident() is None
    assert server.asked == 0
    assert await StatusPage(named, private=True).has_incident() is False


async def test_a_page_that_does_not_answer_in_time_tells_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_page, "STATUS_S", 0.05)

    async def never(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_get("/", never)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slow = StatusPage(f"http://127.0.0.1:{runner.addresses[0][1]}/", private=True)
    assert await slow.has_incident() is None
    await runner.cleanup()


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://status.claude.com/api/v2/status.json", "https://status.claude.com"),
        ("https://x:secret@status.example:8443/a/api/v2/summary.json", "https://status.example:8443/a"),
        ("https://status.example/now?token=secret", "https://status.example/now"),
    ],
)
def test_the_link_leads_to_the_page_and_holds_no_secret(url: str, link: str) -> None:
    assert StatusPage(url).link == link


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fe80::1%eth0", "fd00::1",
     "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::7f00:1",
     "fec0::1", "240.0.0.1"],
)  # fmt: skip
def test_security_these_addresses_are_private(address: str) -> None:
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    assert is_private_host(f"http://{host.replace('%eth0', '')}/x")


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111"])
def test_these_addresses_are_public(address: str) -> None:
    assert is_public(address)
    assert not is_private_host("https://status.claude.com")
