"""Talk with a bot through the page of its own local Discord, as the page does: over HTTP."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp

from tests.e2e.bot_process import BotProcess

ANSWER_S = 30.0
LOOK_AGAIN_S = 0.05


class LocalPage:
    """The control API that the page uses, as its first user."""

    def __init__(self, address: str, session: aiohttp.ClientSession, bot: BotProcess) -> None:
        self.address = address
        self._bot = bot
        self._session = session

    @classmethod
    async def of(cls, bot: BotProcess, session: aiohttp.ClientSession) -> LocalPage:
        """The page that a bot's banner names, once the bot is there."""
        await bot.said("discord_ready")
        found = re.search(r"Bobbin is here: (http://\S+)/", bot.output)
        assert found, bot.output
        return cls(found[1], session, bot)

    async def html(self) -> str:
        """The page itself."""
        async with self._session.get(f"{self.address}/") as answer:
            assert answer.status == 200
            return await answer.text()

    async def state(self) -> Any:
        """Who and what is there."""
        return await self._call("GET", "/state")

    async def mention(self, text: str) -> str:
        """Mention the bot in the first channel; returns the thread that is started from it."""
        state = await self.state()
        (application,) = state["applications"]
        channel = state["guilds"][0]["channels"][0]["id"]
        return str((await self.post(channel, f"<@{application['user_id']}> {text}"))["id"])

    async def post(self, place: str, text: str) -> Any:
        """Write as the first user."""
        user = (await self.state())["users"][0]["id"]
        return await self._call("POST", "/messages", {"as": user, "channel_id": place, "content": text})

    async def replies(self, place: str) -> list[dict[str, Any]]:
        """What the bot has said in a place, if there is one."""
        user = (await self.state())["users"][0]["id"]
        try:
            messages = await self._call("GET", f"/channels/{place}/messages?as={user}")
        except LookupError:
            return []
        return [message for message in messages if message["author"].get("bot") and message["content"]]

    async def answered(self, place: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many finished replies."""
        async with self._bot.patience(ANSWER_S).limit():
            while True:
                replies = await self.replies(place)
                if len(replies) >= count and not any(reply["content"].endswith("▌") for reply in replies):
                    return replies
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        async with self._session.request(method, f"{self.address}/control{path}", json=body) as answer:
            told = await answer.json()
            if answer.status != 200:
                raise LookupError(told["error"])
            return told
