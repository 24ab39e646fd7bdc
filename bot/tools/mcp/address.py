"""Which addresses a remote server may have: public ones, and with `private` those of this machine and its networks.

Names are resolved here, and connections are made to the checked address and no other, so that a name cannot lead to
another address between the check and the connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from bot.config.public_address import Address, embedded, is_global
from bot.conversation.errors import BobbinError

_SHARED = ipaddress.IPv4Network("100.64.0.0/10")
"""Addresses between a provider and its customers: neither public nor private to `ipaddress`."""

_METADATA = (ipaddress.IPv6Address("fd00:ec2::254"), ipaddress.IPv4Address("100.100.100.200"))
"""Where clouds tell a machine its secrets, besides the link-local 169.254.169.254."""


class AddressRefused(BobbinError):
    """A server has an address that it may not have; the text names the setting, not the address."""


class NotResolved(BobbinError):
    """A name has no address."""


def may_connect(address: Address, *, private: bool) -> bool:
    """Say whether an address may be connected to."""
    inner = embedded(address)
    if inner is not None:
        return may_connect(inner, private=private)
    if address.is_multicast or address.is_unspecified or address.is_link_local or address in _METADATA:
        return False
    if private:
        shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
        return address.is_global or address.is_loopback or address.is_private or shared
    return is_global(address)


async def checked_addresses(host: str, port: int, *, private: bool) -> tuple[str, ...]:
    """Return the addresses of a host; AddressRefused if one of them is not allowed, NotResolved if there is none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotResolved(f"{host} cannot be resolved") from None
    texts: Sequence[str] = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not texts:
        raise NotResolved(f"{host} cannot be resolved")
    for text in texts:
        try:
            allowed = may_connect(ipaddress.ip_address(text.partition("%")[0]), private=private)
        except ValueError:
            allowed = False
        if not allowed:
            hint = (
                "an address that is never used" if private else "a private address; see `private` of [[mcp]]"
            )
            raise AddressRefused(f"the server has {hint}")
    return tuple(texts)
