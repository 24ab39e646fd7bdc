"""A bare REST client, for what discord.py does not let one do."""

from __future__ import annotations

from typing import Any

import aiohttp


class Rest:
    """Requests with a bot's token; each returns the status, the JSON and the headers."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, token: str | None) -> None:
        self._session = session
        self._api_url = api_url
        self._headers = {} if token is None else {"Authorization": f"Bot {token}"}

    async def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
        async with self._session.request(
            method, self._api_url + path, json=body, headers=self._headers
        ) as response:
            told = (
                await response.json()
                if response.content_type == "application/json"
                else await response.text()
            )
            return response.status, told, dict(response.headers)

    async def code(self, method: str, path: str, body: Any = None) -> int:
        """The Discord code of a refusal, 0 for success."""
        status, told, _ = await self(method, path, body)
        return 0 if status < 300 else int(told["code"])
