"""The addresses of names, as far as they are public."""

from __future__ import annotations

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.config.public_address import is_public


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone; the connection goes to the address that was checked."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the public addresses of a name; OSError if it has none."""
        found = await self._resolver.resolve(host, port, family)
        if public := [each for each in found if is_public(each["host"])]:
            return public
        raise OSError(None, "the name stands for a private address")

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()
