"""The control API of forwards, polls and webhooks.

- `POST /control/forwards` {as, channel_id, from_channel_id, message_id}: forward a message to `channel_id`.
- `POST /control/votes` {as, channel_id, message_id, answer_id}: vote; `DELETE` takes all votes back.
- `POST /control/polls/end` {as, channel_id, message_id}: end one's own poll.
- `POST /control/webhooks` {channel_id, username, content?, embeds?}: post as a webhook, with embeds as on the wire.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.local.simulator.discord.actors import Actor
from bot.local.simulator.discord.control_request import Handler, answering, id_of, read_object, text_of
from bot.local.simulator.discord.errors import ApiError
from bot.local.simulator.discord.hub import Hub
from bot.local.simulator.discord.model import Channel, Json

PostAsWebhook = Callable[[Channel, str, str, list[Json]], Json]


class SharedControl:
    """Serves what people pass on: forwards, polls, and the posts of webhooks."""

    def __init__(self, hub: Hub, post_as_webhook: PostAsWebhook) -> None:
        self._hub = hub
        self._post_as_webhook = post_as_webhook

    def add_to(self, app: web.Application) -> None:
        """Serve every route."""
        routes: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "/forwards", self._forward),
            ("POST", "/votes", self._vote),
            ("DELETE", "/votes", self._unvote),
            ("POST", "/polls/end", self._end_poll),
            ("POST", "/webhooks", self._webhook),
        )
        for method, path, handler in routes:
            app.router.add_route(method, "/control" + path, answering(handler))

    async def _forward(self, request: web.Request) -> Json:
        body = await read_object(request)
        source, message_id = id_of(body, "from_channel_id"), id_of(body, "message_id")
        return await self._actor(body).forward(id_of(body, "channel_id"), source, message_id)

    async def _vote(self, request: web.Request) -> Json:
        body = await read_object(request)
        place, message_id = id_of(body, "channel_id"), id_of(body, "message_id")
        return await self._actor(body).vote(place, message_id, id_of(body, "answer_id"))

    async def _unvote(self, request: web.Request) -> Json:
        body = await read_object(request)
        return await self._actor(body).unvote(id_of(body, "channel_id"), id_of(body, "message_id"))

    async def _end_poll(self, request: web.Request) -> Json:
        body = await read_object(request)
        return await self._actor(body).end_poll(id_of(body, "channel_id"), id_of(body, "message_id"))

    async def _webhook(self, request: web.Request) -> Json:
        body = await read_object(request)
        channel = self._hub.world.channel(id_of(body, "channel_id"))
        embeds = body.get("embeds") or []
        return self._post_as_webhook(
            channel, text_of(body, "username"), str(body.get("content") or ""), embeds
        )

    def _actor(self, body: Json) -> Actor:
        user = self._hub.world.users.get(id_of(body, "as"))
        if user is None or user.bot:
            raise ApiError(404, 0, "There is no such user.")
        return Actor(self._hub, user.id)
