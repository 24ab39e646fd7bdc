"""Requests to the operator's monitors."""

from __future__ import annotations

from bot.telemetry.push import push
from tests.telemetry.push_server import push_server


async def test_an_address_is_asked_and_the_status_returned() -> None:
    with push_server() as server:
        result = await push(f"{server.url}/ping/1", private=True)
        found = server.next()
    assert (result.is_done, result.status) == (True, 200)
    assert (found.method, found.path) == ("GET", "/ping/1")


async def test_a_body_is_posted() -> None:
    with push_server() as server:
        await push(server.url, private=True, body=b"{}", headers={"X-Key": "k"})
        found = server.next()
    assert (found.method, found.body, found.headers["X-Key"]) == ("POST", b"{}", "k")


async def test_a_private_address_is_asked_only_where_the_operator_allows_it() -> None:
    with push_server() as server:
        result = await push(server.url, private=False)
        named = await push(f"http://localhost.localdomain.:{server.port}", private=False)
        assert server.received.empty()
    assert (result.is_done, result.problem) == (False, "a private address")
    assert not named.is_done


async def test_a_redirect_is_not_followed() -> None:
    with push_server() as server:
        server.status, server.headers = 302, {"Location": f"{server.url}/elsewhere"}
        result = await push(server.url, private=True)
        assert server.received.qsize() == 1
    assert (result.is_done, result.problem) == (False, "status 302")


async def test_a_server_that_is_not_there_is_a_kind_of_failure_without_the_address() -> None:
    with push_server() as server:
        port = server.port
    result = await push(f"http://user:hidden-word@127.0.0.1:{port}/", private=True)
    assert not result.is_done
    assert "hidden-word" not in result.problem
    assert "127.0.0.1" not in result.problem
