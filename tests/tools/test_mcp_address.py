"""Which addresses a remote server may have."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import httpcore2
import pytest

from bot.tools.mcp.address import AddressRefused, NotResolved, checked_addresses, may_connect
from bot.tools.mcp.transport import AddressGuard
from tests.tools.mcp_process import free_port

PUBLIC = (
    "93.184.215.14",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "::ffff:93.184.215.14",
    "64:ff9b::5db8:d70e",
)
PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "172.16.9.9",
    "100.64.0.1",
    "::1",
    "fd12::1",
    "::ffff:10.0.0.1",
)
HIDDEN = ("64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "::ffff:127.0.0.1", "2001:0:1:2:3:4:80ff:fffe")
NEVER = (
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "::a9fe:a9fe",
)


def allowed(address: str, *, private: bool) -> bool:
    return may_connect(ipaddress.ip_address(address), private=private)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert allowed(address, private=False)
    assert allowed(address, private=True)


@pytest.mark.parametrize(
    "address", [*PRIVATE, *HIDDEN, "240.0.0.1", "198.18.0.1", "192.0.2.1", "fec0::1", "::7f00:1"]
)
def test_security_private_addresses_are_refused_however_they_are_written(address: str) -> None:
    assert not allowed(address, private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_allowed_where_the_operator_says_so(address: str) -> None:
    assert allowed(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_security_addresses_that_tell_secrets_of_a_machine_are_never_allowed(address: str) -> None:
    assert not allowed(address, private=False)
    assert not allowed(address, private=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "2130706433", "0x7f.1"])
async def test_security_a_name_that_leads_to_this_machine_is_refused_after_it_is_resolved(host: str) -> None:
    with pytest.raises((AddressRefused, NotResolved)):
        await checked_addresses(host, 443, private=False)


async def test_security_each_connection_is_checked_by_itself() -> None:
    guard = AddressGuard(private=False)
    with pytest.raises(httpcore2.ConnectError, match="private"):
        await guard.connect_tcp("localhost", free_port())


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name lead to these addresses, one after the other."""
    answers = iter(addresses)

    async def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


async def test_security_a_name_that_leads_elsewhere_the_second_time_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, "93.184.215.14", "127.0.0.1")
    assert await checked_addresses("wiki.example", 443, private=False) == ("93.184.215.14",)
    with pytest.raises(httpcore2.ConnectError, match="private"):
        await AddressGuard(private=False).connect_tcp("wiki.example", 443)


async def test_security_a_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        resolving(monkeypatch, "127.0.0.1")  # a second resolution would fail
        stream = await AddressGuard(private=True).connect_tcp("wiki.example", listening.getsockname()[1])
        assert stream.get_extra_info("server_addr") == listening.getsockname()
        await stream.aclose()


async def test_a_name_without_an_address_is_said_to_have_none() -> None:
    with pytest.raises(NotResolved, match="cannot be resolved"):
        await checked_addresses("no-such-host.invalid", 443, private=False)
