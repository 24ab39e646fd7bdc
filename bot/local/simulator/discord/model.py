"""The saved state of a world.

Ids are integers here and strings on the wire; times are epoch seconds.
"""

from __future__ import annotations

import base64
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    ValidationInfo,
    field_serializer,
    field_validator,
)

from bot.local.simulator.discord.contents import Contents

Json = dict[str, Any]


class State(BaseModel):
    """The base of all that is saved; assignments are trusted, because only the world makes them."""

    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class User(State):
    id: int
    username: str
    display_name: str | None = None
    bot: bool = False
    # A webhook's message has an author that is no user.
    webhook: bool = False


class Application(State):
    id: int
    user_id: int
    name: str
    token: str
    description: str = ""
    # The privileged intents switched on in the portal, as a bit set.
    privileged_intents: int = 0
    # The parameters of the install link, None for a link that asks for the commands alone.
    install_params: Json | None = None
    interactions_endpoint_url: str | None = None
    commands: dict[int, Json] = Field(default_factory=dict)
    # (guild id or 0, epoch second) of every command created, for the daily limit.
    command_creates: list[tuple[int, float]] = Field(default_factory=list)


class Role(State):
    id: int
    name: str
    permissions: int
    position: int = 0
    managed: bool = False
    # The bot whose role it is; nobody else can have it.
    bot_id: int | None = None


class Member(State):
    user_id: int
    role_ids: list[int] = Field(default_factory=list)
    joined_at: float = 0.0
    nick: str | None = None
    # Until when a moderator has silenced them.
    timed_out_until: float | None = None


class Guild(State):
    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = Field(default_factory=dict)
    members: dict[int, Member] = Field(default_factory=dict)


class Overwrite(State):
    id: int
    # 0 a role, 1 a member.
    type: int
    allow: int = 0
    deny: int = 0


class ThreadMember(State):
    user_id: int
    joined_at: float


class ThreadState(State):
    """The fields of a thread only."""

    owner_id: int
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive_duration: int = 4320
    archive_timestamp: float
    message_count: int = 0
    total_message_sent: int = 0
    applied_tags: list[int] = Field(default_factory=list)
    members: dict[int, ThreadMember] = Field(default_factory=dict)


class Channel(State):
    id: int
    type: int
    guild_id: int | None = None
    name: str | None = None
    position: int = 0
    parent_id: int | None = None
    topic: str | None = None
    nsfw: bool = False
    flags: int = 0
    rate_limit_per_user: int = 0
    overwrites: dict[int, Overwrite] = Field(default_factory=dict)
    last_message_id: int | None = None
    last_pin_at: float | None = None
    recipients: list[int] = Field(default_factory=list)
    available_tags: list[Json] = Field(default_factory=list)
    thread: ThreadState | None = None


# Begins the saved content of an attachment that is in a file of its own; base64 has no colon.
IN_A_FILE = "file:"


class Attachment(State):
    id: int
    channel_id: int
    filename: str
    content_type: str | None
    description: str | None = None
    content: bytes
    # Those of a voice message only.
    duration_secs: float | None = None
    waveform: str | None = None

    @property
    def size(self) -> int:
        return len(self.content)

    @field_serializer("content", when_used="json")
    def _save(self, content: bytes, info: SerializationInfo) -> str:
        if isinstance(info.context, Contents):
            info.context.write(self.id, content)
            return f"{IN_A_FILE}{self.id}"
        return base64.urlsafe_b64encode(content).decode()

    @field_validator("content", mode="before")
    @classmethod
    def _load(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith(IN_A_FILE):
            attachment_id = int(value.removeprefix(IN_A_FILE))
            return info.context.read(attachment_id) if isinstance(info.context, Contents) else b""
        return base64.urlsafe_b64decode(value)


class Reaction(State):
    emoji: Json
    users: list[int] = Field(default_factory=list)


class Sticker(State):
    id: int
    guild_id: int
    name: str
    # 1 PNG, 2 APNG, 3 Lottie, 4 GIF.
    format_type: int
    content: bytes


class Poll(State):
    """A poll; `question` and the answers' `poll_media` are as on the wire."""

    question: Json
    answers: list[Json]
    expires_at: float
    allow_multiselect: bool = False
    # The ids of the users who voted for an answer, by its id.
    votes: dict[int, list[int]] = Field(default_factory=dict)
    is_finalized: bool = False

    @property
    def answer_ids(self) -> list[int]:
        return [int(each["answer_id"]) for each in self.answers]


class Forwarded(State):
    """The copy of a message that a forward holds: no id, no author, no channel."""

    type: int
    content: str
    at: float
    edited_at: float | None
    mentions: list[int]
    mention_roles: list[int]
    attachments: list[Attachment]
    embeds: list[Json]
    components: list[Json]
    sticker_items: list[Json]
    flags: int


class Message(State):
    id: int
    channel_id: int
    guild_id: int | None
    author: User
    type: int = 0
    content: str = ""
    at: float
    edited_at: float | None = None
    tts: bool = False
    mention_everyone: bool = False
    mentions: list[int] = Field(default_factory=list)
    mention_roles: list[int] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)
    embeds: list[Json] = Field(default_factory=list)
    components: list[Json] = Field(default_factory=list)
    sticker_items: list[Json] = Field(default_factory=list)
    poll: Poll | None = None
    forwarded: Forwarded | None = None
    reactions: list[Reaction] = Field(default_factory=list)
    pinned: bool = False
    pinned_at: float | None = None
    flags: int = 0
    nonce: str | int | None = None
    reference: Json | None = None
    webhook_id: int | None = None
    application_id: int | None = None
    interaction_id: int | None = None
    interaction_metadata: Json | None = None
    # The deprecated `interaction` field, which discord.py still reads.
    legacy_interaction: Json | None = None
    # The only user who sees an ephemeral message.
    ephemeral_for: int | None = None


class Interaction(State):
    id: int
    application_id: int
    type: int
    token: str
    user_id: int
    channel_id: int
    guild_id: int | None
    data: Json
    at: float
    # What `World.held_up_s` said then.
    held_up_s: float = 0.0
    # The message whose component was used.
    message_id: int | None = None
    # The interaction whose modal this one submits.
    opened_by: int | None = None
    # The callback type and data of the answer; None before the answer.
    answered_with: int | None = None
    answer: Json | None = None
    # A deferred message without content.
    loading: bool = False
    original_id: int | None = None
    followup_ids: list[int] = Field(default_factory=list)


class Snapshot(State):
    """A saved world."""

    version: int = 1
    last_snowflake: int = 0
    cdn_secret: str = ""
    users: dict[int, User] = Field(default_factory=dict)
    applications: dict[int, Application] = Field(default_factory=dict)
    guilds: dict[int, Guild] = Field(default_factory=dict)
    channels: dict[int, Channel] = Field(default_factory=dict)
    messages: dict[int, Message] = Field(default_factory=dict)
    stickers: dict[int, Sticker] = Field(default_factory=dict)
    interactions: dict[int, Interaction] = Field(default_factory=dict)
