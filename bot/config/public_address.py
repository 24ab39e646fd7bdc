"""Addresses of the public internet, as opposed to those of this machine and of private networks."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_EMBEDDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""NAT64, that of a local network (RFC 8215), and the old way to write an address of the fourth version (RFC 4291)."""

LOCAL_NAMES = ("localhost", "localhost.localdomain")


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return is_global(embedded(ip) or ip)


def is_global(address: Address) -> bool:
    """Say whether an address, which stands for no other, is one of the public internet."""
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or is_site_local)


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """Return the address of the fourth version that one of the sixth stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    stands_for_itself = address.is_loopback or address.is_unspecified
    if not stands_for_itself and any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_private_host(url: str) -> bool:
    """Say whether the host of a URL is surely not public; a name stands for any address until it is looked up."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.rstrip(".").lower() in LOCAL_NAMES
    return not is_public(host)
