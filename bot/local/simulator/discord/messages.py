"""Messages in the world: built from a draft, published, changed and removed, without a check of permissions."""

from __future__ import annotations

from bot.local.simulator.discord import components, forwards, intents, mentions, stickers, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import COMPONENTS_V2, EDIT_FLAGS, LOADING, Draft, Upload
from bot.local.simulator.discord.errors import api_error, invalid
from bot.local.simulator.discord.model import Attachment, Channel, Forwarded, Json, Message, Poll, User
from bot.local.simulator.discord.world import Event, Revision, World

# Message types (resources/message, "Message Types").
REPLY, THREAD_STARTER = 19, 21
# The types of messages, replies and answers to commands. The author may edit and delete these alone.
WRITTEN = frozenset({0, REPLY, 20, 23})


def build(
    world: World,
    channel: Channel,
    author: User,
    draft: Draft,
    *,
    reference: Json | None = None,
    users_only: bool = False,
    kind: int | None = None,
    message_id: int | None = None,
    forwarded: Forwarded | None = None,
) -> Message:
    """A message from a checked draft, not yet published; `users_only` is the mention rule of interactions."""
    is_reply = reference is not None and forwarded is None
    message = Message(
        id=message_id or world.snowflakes.next(),
        channel_id=channel.id,
        guild_id=channel.guild_id,
        author=author,
        type=kind if kind is not None else (REPLY if is_reply else 0),
        content=draft.content or "",
        at=world.clock(),
        tts=draft.tts,
        attachments=[_attach(world, channel, each) for each in draft.uploads],
        embeds=draft.embeds or [],
        components=draft.components or [],
        sticker_items=stickers.items(world, channel, draft.sticker_ids),
        poll=_poll(world, draft),
        forwarded=forwarded,
        flags=(draft.flags or 0) | (forwards.HAS_SNAPSHOT if forwarded else 0),
        nonce=draft.nonce,
        reference=reference,
    )
    _mention(world, channel, message, draft.allowed_mentions, users_only=users_only)
    return message


def publish(world: World, channel: Channel, message: Message) -> None:
    """Add a message to its channel and emit its event."""
    world.place(message)
    if message.ephemeral_for is None:
        channel.last_message_id = message.id
        if channel.thread is not None and message.id != channel.id and message.type != THREAD_STARTER:
            channel.thread.message_count += 1
            channel.thread.total_message_sent += 1
    world.typing.pop((channel.id, message.author.id), None)
    # The nonce comes back with the answer and this event only; it is in no history.
    data = wire.gateway_message(world, message)
    if message.nonce is not None:
        data["nonce"] = message.nonce
    if "poll" in data:
        # "results ... may not be present in certain responses" (resources/poll): the strictest reading.
        data["poll"] = {key: value for key, value in data["poll"].items() if key != "results"}
    world.emit(_event(world, "MESSAGE_CREATE", data, message))


def apply(
    world: World, channel: Channel, message: Message, draft: Draft, *, users_only: bool = False
) -> Message:
    """Change a message by a checked draft and emit the event; missing fields stay."""
    if draft.v2 and not message.flags & COMPONENTS_V2:
        _convert_to_v2(message, draft)
    if draft.flags is not None:
        irreversible = message.flags & COMPONENTS_V2
        message.flags = message.flags & ~EDIT_FLAGS | draft.flags & EDIT_FLAGS | irreversible
    if "content" in draft.given:
        message.content = draft.content or ""
    if "embeds" in draft.given:
        message.embeds = draft.embeds or []
    if "components" in draft.given:
        message.components = draft.components or []
    if "attachments" in draft.given:
        message.attachments = [each for each in message.attachments if each.id in (draft.kept or ())]
    message.attachments += [_attach(world, channel, each) for each in draft.uploads]
    rest = message.components or message.sticker_items or message.poll or message.forwarded
    if not (message.content or message.embeds or message.attachments or rest):
        raise api_error(50006)
    was_loading = message.flags & LOADING
    message.flags &= ~LOADING
    # "When the content field is edited, the mentions array in the message object will be reconstructed from
    # scratch" (resources/message, "Edit Message"): an edit of anything else leaves the mentions as they are.
    text_fields = {"content", "components"} if message.flags & COMPONENTS_V2 else {"content"}
    if draft.given & text_fields:
        message.mention_everyone = False
        _mention(world, channel, message, draft.allowed_mentions, users_only=users_only)
    now = world.clock()
    if not was_loading:
        message.edited_at = now
    world.revisions.setdefault(message.id, []).append(Revision(message.content, now))
    tell(world, "MESSAGE_UPDATE", message)
    return message


def erase(world: World, channel: Channel, message: Message) -> None:
    """Remove a message and emit the event; the thread of the message stays."""
    world.remove(message)
    counted = message.id != channel.id and message.type != THREAD_STARTER and message.ephemeral_for is None
    if channel.thread is not None and counted:
        channel.thread.message_count -= 1
    data: Json = {"id": str(message.id), "channel_id": str(channel.id)}
    if channel.guild_id is not None and message.ephemeral_for is None:
        data["guild_id"] = str(channel.guild_id)
    world.emit(_event(world, "MESSAGE_DELETE", data, message))


def tell(world: World, name: str, message: Message) -> None:
    """Emit a message's event to those who see it."""
    world.emit(_event(world, name, wire.gateway_message(world, message), message))


def _event(world: World, name: str, data: Json, message: Message) -> Event:
    only: frozenset[int] | None = None
    if message.ephemeral_for is not None:
        application = world.applications.get(message.application_id or 0)
        only = frozenset({message.ephemeral_for} | ({application.user_id} if application else set()))
    in_guild = message.guild_id is not None and message.ephemeral_for is None
    intent = intents.needed(intents.GUILD_MESSAGES, in_guild=in_guild)
    return Event(name, data, message.guild_id, message.channel_id, only, intent)


def reference_to(channel: Channel, message_id: int) -> Json:
    """The reference of a reply within its channel."""
    payload: Json = {"type": 0, "channel_id": str(channel.id), "message_id": str(message_id)}
    if channel.guild_id is not None:
        payload["guild_id"] = str(channel.guild_id)
    return payload


def _mention(
    world: World, channel: Channel, message: Message, rule: Json | None, *, users_only: bool
) -> None:
    text = message.content + "\n" + components.text_of(message.components)
    replied_to: int | None = None
    if message.type == REPLY and message.reference is not None and not users_only:
        original = world.messages.get(int(message.reference["message_id"]))
        if original is not None and original.author.id in world.users:
            replied_to = original.author.id
    found = mentions.allowed(mentions.named_in(text), rule, replied_to, default_users_only=users_only)
    message.mentions = [each for each in found.users if each in world.users]
    if channel.guild_id is not None:
        roles = world.guilds[channel.guild_id].roles
        message.mention_roles = [each for each in found.roles if each in roles]
        may = world.permissions(channel, message.author.id) & bits.MENTION_EVERYONE
        message.mention_everyone = bool(found.everyone and may)


def _poll(world: World, draft: Draft) -> Poll | None:
    if draft.poll is None:
        return None
    return Poll(
        question=draft.poll["question"],
        answers=draft.poll["answers"],
        allow_multiselect=draft.poll["allow_multiselect"],
        expires_at=world.clock() + draft.poll["hours"] * 3600,
    )


def _attach(world: World, channel: Channel, upload: Upload) -> Attachment:
    return Attachment(
        id=world.snowflakes.next(),
        channel_id=channel.id,
        filename=upload.filename,
        content_type=upload.content_type,
        description=upload.description,
        content=upload.content,
    )


def _convert_to_v2(message: Message, draft: Draft) -> None:
    """Check that the edit which makes a message V2 also removes content and embeds."""
    if message.content and "content" not in draft.given:
        text = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    if message.embeds and "embeds" not in draft.given:
        text = "The 'embeds' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise invalid("embeds", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
