"""The control API under /control/: the actions of the page as a user. JSON in, JSON out.

Errors are `{"error": "one readable line"}` with 400, 403 or 404.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.local.simulator.discord import guilds, overview
from bot.local.simulator.discord.actors import Actor
from bot.local.simulator.discord.attachments import FILE_BYTES
from bot.local.simulator.discord.control_request import Handler
from bot.local.simulator.discord.control_request import answering as _answering
from bot.local.simulator.discord.control_request import as_object as _as_object
from bot.local.simulator.discord.control_request import id_of as _id
from bot.local.simulator.discord.control_request import object_of as _object
from bot.local.simulator.discord.control_request import read_object as _body
from bot.local.simulator.discord.control_request import text_of as _text
from bot.local.simulator.discord.drafts import MOST_FILES
from bot.local.simulator.discord.errors import ApiError
from bot.local.simulator.discord.given import File
from bot.local.simulator.discord.handles import InteractionHandle, shown_to
from bot.local.simulator.discord.hub import Hub
from bot.local.simulator.discord.model import Json, Message
from bot.local.simulator.discord.rest.server import read_body
from bot.local.simulator.discord.world import Event

MOST_MESSAGES = 200
# The client uploads each file of a message by itself, so only the limits of each file and of their number count.
UPLOADS_BYTES = (MOST_FILES + 1) * FILE_BYTES
UNKNOWN_TYPE = "application/octet-stream"
# Discord, "Usernames and Nicknames": nicknames have 1 to 32 characters.
MOST_NAME_CHARACTERS = 32


class Control:
    """Serves the control API of a local Discord; `online` tells which bots have a gateway session."""

    def __init__(self, hub: Hub, online: Callable[[int], bool]) -> None:
        self._hub = hub
        self._online = online
        self._world = hub.world

    def add_to(self, app: web.Application) -> None:
        """Serve every route."""
        routes: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/state", self._state),
            ("GET", "/channels/{id}/messages", self._messages),
            ("GET", "/commands", self._commands),
            ("POST", "/messages", self._post),
            ("PATCH", "/messages", self._edit),
            ("DELETE", "/messages", self._delete),
            ("POST", "/pins", self._pin),
            ("DELETE", "/pins", self._unpin),
            ("POST", "/reactions", self._react),
            ("DELETE", "/reactions", self._unreact),
            ("POST", "/commands", self._command),
            ("POST", "/context", self._context),
            ("POST", "/components", self._component),
            ("POST", "/modals", self._modal),
            ("POST", "/autocomplete", self._autocomplete),
            ("POST", "/threads", self._thread),
            ("POST", "/posts", self._forum_post),
            ("POST", "/users", self._user),
            ("POST", "/dms", self._dm),
            ("POST", "/typing", self._typing),
        )
        for method, path, handler in routes:
            app.router.add_route(method, "/control" + path, _answering(handler))

    async def _state(self, request: web.Request) -> Json:
        viewer_id = self._actor(request.query).id if request.query.get("as") else None
        return overview.of(self._world, self._online, viewer_id)

    async def _messages(self, request: web.Request) -> list[Json]:
        viewer = self._actor(request.query)
        channel = self._world.visible_channel(_id(request.match_info, "id"), viewer.id)
        limit = min(_id(request.query, "limit") if "limit" in request.query else 100, MOST_MESSAGES)
        before = _id(request.query, "before") if request.query.get("before") else 0
        everything = (self._world.messages[each] for each in self._world.timelines.get(channel.id, ()))
        seen = [each for each in everything if each.ephemeral_for in (None, viewer.id)]
        page = [each for each in seen if not before or each.id < before][-limit:]
        return [shown_to(self._world, each, viewer.id) for each in page]

    async def _commands(self, request: web.Request) -> list[Json]:
        application = self._world.applications.get(_id(request.query, "application_id"))
        if application is None:
            raise ApiError(404, 0, "There is no such application.")
        return list(application.commands.values())

    async def _post(self, request: web.Request) -> Json:
        """A message, as JSON, or with files as the form that Discord's own API takes.

        `sticker_ids` and `poll` are as in Discord's "Create Message"; `ping` says whether a reply pings.
        """
        body, files = await _with_files(request)
        has_more = bool(files or body.get("sticker_ids") or body.get("poll"))
        content = str(body.get("content") or "") if has_more else _text(body, "content")
        return await self._actor(body).post(
            _id(body, "channel_id"),
            content,
            body.get("reply_to"),
            files,
            ping=body.get("ping") is not False,
            sticker_ids=body.get("sticker_ids") or (),
            poll=body.get("poll"),
        )

    async def _edit(self, request: web.Request) -> Json:
        body = await _body(request)
        content = _text(body, "content")
        return await self._actor(body).edit(_id(body, "channel_id"), _id(body, "message_id"), content)

    async def _delete(self, request: web.Request) -> Json:
        body = await _body(request)
        message = self._world.messages.get(_id(body, "message_id"))
        if message is not None and message.ephemeral_for == self._actor(body).id:
            # "Dismiss message": only the user's own view of it goes.
            self._dismiss(message)
            return {}
        await self._actor(body).delete(_id(body, "channel_id"), _id(body, "message_id"))
        return {}

    async def _pin(self, request: web.Request) -> Json:
        body = await _body(request)
        await self._actor(body).pin(_id(body, "channel_id"), _id(body, "message_id"))
        return {}

    async def _unpin(self, request: web.Request) -> Json:
        body = await _body(request)
        await self._actor(body).unpin(_id(body, "channel_id"), _id(body, "message_id"))
        return {}

    async def _react(self, request: web.Request) -> Json:
        body = await _body(request)
        await self._actor(body).react(_id(body, "channel_id"), _id(body, "message_id"), _text(body, "emoji"))
        return {}

    async def _unreact(self, request: web.Request) -> Json:
        body = await _body(request)
        await self._actor(body).unreact(
            _id(body, "channel_id"), _id(body, "message_id"), _text(body, "emoji")
        )
        return {}

    async def _command(self, request: web.Request) -> Json:
        body = await _body(request)
        options = _object(body, "options")
        return _begun(await self._actor(body).command(_id(body, "channel_id"), _text(body, "name"), options))

    async def _context(self, request: web.Request) -> Json:
        body = await _body(request)
        place, name = _id(body, "channel_id"), _text(body, "name")
        return _begun(await self._actor(body).context_command(place, name, _id(body, "message_id")))

    async def _component(self, request: web.Request) -> Json:
        body = await _body(request)
        place, message_id, custom_id = (
            _id(body, "channel_id"),
            _id(body, "message_id"),
            _text(body, "custom_id"),
        )
        values = body.get("values")
        if values is None:
            return _begun(await self._actor(body).press(place, message_id, custom_id))
        if not isinstance(values, list):
            raise ApiError(400, 0, "'values' is no list.")
        return _begun(
            await self._actor(body).choose(place, message_id, custom_id, [str(each) for each in values])
        )

    async def _modal(self, request: web.Request) -> Json:
        body = await _body(request)
        opened = self._world.interactions.get(_id(body, "interaction_id"))
        if opened is None:
            raise ApiError(404, 10062, "There is no such interaction any more.")
        values = _object(body, "values")
        return _begun(await self._actor(body).submit(InteractionHandle(self._hub, opened), values))

    async def _autocomplete(self, request: web.Request) -> list[Json]:
        body = await _body(request)
        place, name, focused = _id(body, "channel_id"), _text(body, "name"), _text(body, "focused")
        try:
            return await self._actor(body).autocomplete(place, name, _object(body, "options"), focused)
        except TimeoutError:
            raise ApiError(404, 0, "The application did not answer.") from None

    async def _thread(self, request: web.Request) -> Json:
        body = await _body(request)
        place, name = _id(body, "channel_id"), _text(body, "name")
        private = bool(body.get("private"))
        return await self._actor(body).create_thread(place, name, body.get("message_id"), private)

    async def _forum_post(self, request: web.Request) -> Json:
        body, files = await _with_files(request)
        content = str(body.get("content") or "") if files else _text(body, "content")
        return await self._actor(body).create_post(
            _id(body, "channel_id"), _text(body, "name"), content, files
        )

    async def _user(self, request: web.Request) -> Json:
        """Somebody new, a member of every server."""
        body = await _body(request)
        name = _text(body, "username")
        given = body.get("display_name")
        shown = (name if given is None else str(given)).strip()
        if not 1 <= len(shown) <= MOST_NAME_CHARACTERS:
            raise ApiError(400, 0, f"A name has 1 to {MOST_NAME_CHARACTERS} characters.")
        user = guilds.add_user(self._world, name, shown)
        for guild in self._world.guilds.values():
            guilds.join(self._world, guild, user)
        self._hub.commit()
        return {"id": str(user.id), "username": user.username, "display_name": user.display_name}

    async def _dm(self, request: web.Request) -> Json:
        body = await _body(request)
        application = self._world.applications.get(_id(body, "application_id"))
        if application is None:
            raise ApiError(404, 0, "There is no such application.")
        return await self._actor(body).open_dm(application.user_id)

    async def _typing(self, request: web.Request) -> Json:
        body = await _body(request)
        await self._actor(body).type(_id(body, "channel_id"))
        return {}

    def _dismiss(self, message: Message) -> None:
        self._world.remove(message)
        data: Json = {"id": str(message.id), "channel_id": str(message.channel_id)}
        only = frozenset({message.ephemeral_for or 0})
        self._world.emit(Event("MESSAGE_DELETE", data, channel_id=message.channel_id, only=only, bots=False))
        self._hub.commit()

    def _actor(self, holder: Any) -> Actor:
        user_id = _id(holder, "as")
        user = self._world.users.get(user_id)
        if user is None or user.bot:
            raise ApiError(404, 0, f"There is no user {user_id}.")
        return Actor(self._hub, user_id)


async def _with_files(request: web.Request) -> tuple[Json, list[File]]:
    """Read the JSON object and the files of a request."""
    payload, uploads = await read_body(request, UPLOADS_BYTES)
    files = [(each.filename, each.content_type or UNKNOWN_TYPE, each.content) for each in uploads]
    return _as_object(payload), files


def _begun(handle: InteractionHandle) -> Json:
    return {"interaction_id": str(handle.id)}
