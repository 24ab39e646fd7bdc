"""Talk with a bot through the page of its own local Discord, as the page does: over HTTP."""

from __future__ import annotations

import asyncio
import json
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

    async def post(self, channel: str, text: str, *files: tuple[str, str, bytes], **more: Any) -> Any:
        """Write as the first user, with files as (name, type, bytes)."""
        user = (await self.state())["users"][0]["id"]
        message = {"as": user, "channel_id": channel, "content": text, **more}
        if not files:
            return await self._call("POST", "/messages", message)
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps(message))
        for index, (name, kind, content) in enumerate(files):
            form.add_field(f"files[{index}]", content, filename=name, content_type=kind)
        return await self._call("POST", "/messages", form=form)

    async def forward(self, message: dict[str, Any], channel: str) -> Any:
        """Forward a message as the first user."""
        user = (await self.state())["users"][0]["id"]
        source = {"from_channel_id": message["channel_id"], "message_id": message["id"]}
        return await self._call("POST", "/forwards", {"as": user, "channel_id": channel, **source})

    async def replies(self, channel: str) -> list[dict[str, Any]]:
        """What the bot has said in a channel, if there is one."""
        user = (await self.state())["users"][0]["id"]
        try:
            messages = await self._call("GET", f"/channels/{channel}/messages?as={user}")
        except LookupError:
            return []
        return [message for message in messages if message["author"].get("bot") and message["content"]]

    async def answered(self, channel: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many finished replies."""
        async with self._bot.patience(ANSWER_S).limit():
            while True:
                replies = await self.replies(channel)
                if len(replies) >= count and not any(reply["content"].endswith("▌") for reply in replies):
                    return replies
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _call(
        self, method: str, path: str, body: object = None, form: aiohttp.FormData | None = None
    ) -> Any:
        url = f"{self.address}/control{path}"
        async with self._session.request(method, url, json=body, data=form) as response:
            answer = await response.json()
            if response.status != 200:
                raise LookupError(answer["error"])
            return answer
