"""One REST request for a handler, and one entry of the route table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import Upload
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Application, Channel, Json, Message, User
from bot.local.simulator.discord.ratelimits import OTHER, Limit
from bot.local.simulator.discord.world import World


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status of its own."""

    status: int
    body: Any = None


@dataclass(slots=True)
class Call:
    """A request, read and authorised; `body` is the JSON, or the `payload_json` of a form."""

    world: World
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    uploads: tuple[Upload, ...] = ()
    application: Application | None = None

    @property
    def bot(self) -> Application:
        """The application that asks; only routes without authorisation have none."""
        if self.application is None:
            raise api_error(20001)
        return self.application

    @property
    def user(self) -> User:
        """The bot user that asks."""
        return self.world.users[self.bot.user_id]

    @property
    def json(self) -> Json:
        """The body as an object; an absent one is empty."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise invalid("", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return self.body

    def id(self, name: str) -> int:
        """A snowflake of the path."""
        return _snowflake(name, self.params[name])

    def optional_id(self, name: str) -> int | None:
        """A snowflake of the query, if it is there."""
        return _snowflake(name, self.query[name]) if name in self.query else None

    def limit(self, default: int, most: int, least: int = 1) -> int:
        """The `limit` of the query."""
        text = self.query.get("limit", str(default))
        if not text.isdigit() or not least <= int(text) <= most:
            message = f"int value should be between {least} and {most}."
            raise invalid("limit", "NUMBER_TYPE_MAX", message)
        return int(text)

    def channel(self) -> Channel:
        """The channel of the path, if the bot sees it."""
        return self.world.visible_channel(self.id("channel_id"), self.user.id)

    def message(self) -> Message:
        """The message of the path, whose channel the bot must see."""
        return self.world.message(self.channel().id, self.id("message_id"))

    def show(self, message: Message) -> Json:
        """A message as this bot sees it, without its content if that is not for it."""
        payload = wire.message(self.world, message, self.user.id)
        if message.guild_id is None or self.bot.privileged_intents & intents.MESSAGE_CONTENT:
            return payload
        return intents.redacted(payload, self.user.id)

    def require_history(self, channel: Channel) -> None:
        """50001 without READ_MESSAGE_HISTORY."""
        if not self.world.permissions(channel, self.user.id) & bits.READ_MESSAGE_HISTORY:
            raise api_error(50001)


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the route table: `major` names the path parameter that keeps buckets apart."""

    method: str
    path: str
    handler: Handler
    limit: Limit = OTHER
    major: str | None = None
    # Needs no Authorization header and is not in the global limit: answers to interactions, whose token is in the
    # path, and the address of the gateway.
    public: bool = False


def _snowflake(name: str, text: str) -> int:
    if not text.isdigit() or len(text) > 20:
        raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
    return int(text)
