"""Messages: posting, editing, deleting, and every rule that stands in the way (resources/message)."""

from __future__ import annotations

from bot.local.simulator.discord import components, intents, mentions, threads, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import COMPONENTS_V2, EDIT_FLAGS, LOADING, Draft, Upload
from bot.local.simulator.discord.errors import invalid, refusal
from bot.local.simulator.discord.model import Attachment, Channel, Json, Message, User
from bot.local.simulator.discord.snowflakes import moment_of
from bot.local.simulator.discord.world import Event, Revision, World

TEXT_CHANNELS = frozenset({0, 1, 2, 5, 10, 11, 12, 13})
REPLY = 19
# Types that their author may neither edit nor (partly) delete: everything but messages, replies and answers to
# commands.
_WRITTEN = frozenset({0, 19, 20, 23})
# "You can only bulk delete messages that are under 14 days old."
_BULK_AGE_S = 14 * 24 * 3600
# Edits to messages older than this are limited further (code 30046); how far is not documented, five in an hour
# per channel are assumed.
_OLD_S = 3600.0
_OLD_EDITS = 5


def post(world: World, channel: Channel, author: User, draft: Draft) -> Message:
    """Post as a user or a bot, with every check that Discord makes; a repeated enforced nonce makes nothing new."""
    _check_may_post(world, channel, author.id, draft)
    now = world.clock()
    made = world.nonces.find(author.id, str(draft.nonce), now) if draft.enforce_nonce else None
    if made is not None:
        # Deleted by now: Unknown Message.
        return world.message(world.messages[made].channel_id if made in world.messages else 0, made)
    reference = _reference(world, channel, author.id, draft)
    if channel.thread is not None:
        threads.wake(world, channel, author.id)
        threads.join(world, channel, author.id)
    message = build(world, channel, author, draft, reference=reference)
    if draft.enforce_nonce and draft.nonce is not None:
        world.nonces.remember(author.id, str(draft.nonce), message.id, now)
    for user_id in message.mentions:
        # Before the message is told of, so that whoever is brought into a private thread hears it.
        if channel.thread is not None and world.permissions(channel, user_id) & bits.VIEW_CHANNEL:
            threads.join(world, channel, user_id)
    publish(world, channel, message)
    return message


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
) -> Message:
    """A message from a checked draft, not yet placed; `users_only` is the mention rule of interactions."""
    message = Message(
        id=message_id or world.snowflakes.next(),
        channel_id=channel.id,
        guild_id=channel.guild_id,
        author=author,
        type=kind if kind is not None else (REPLY if reference else 0),
        content=draft.content or "",
        at=world.clock(),
        tts=draft.tts,
        attachments=[_attach(world, channel, each) for each in draft.uploads],
        embeds=draft.embeds or [],
        components=draft.components or [],
        flags=draft.flags or 0,
        nonce=draft.nonce,
        reference=reference,
    )
    _mention(world, channel, message, draft.allowed_mentions, users_only=users_only)
    return message


def publish(world: World, channel: Channel, message: Message) -> None:
    """Place a message and tell of it."""
    world.place(message)
    if message.ephemeral_for is None:
        channel.last_message_id = message.id
        if channel.thread is not None and message.id != channel.id and message.type != threads.STARTER:
            channel.thread.message_count += 1
            channel.thread.total_message_sent += 1
    world.typing.pop((channel.id, message.author.id), None)
    # The nonce comes back with the answer and this event only; it is in no history.
    data = wire.gateway_message(world, message)
    if message.nonce is not None:
        data["nonce"] = message.nonce
    world.emit(_event(world, "MESSAGE_CREATE", data, message))


def edit(world: World, channel: Channel, message: Message, editor_id: int, draft: Draft) -> Message:
    """Edit as somebody: the whole by its author only, SUPPRESS_EMBEDS also with MANAGE_MESSAGES."""
    world.require(channel, editor_id)
    if world.timed_out(channel, editor_id):
        raise refusal(50013)
    if channel.thread is not None and channel.thread.archived:
        raise refusal(50083)
    if message.author.id != editor_id:
        flags_only = draft.given <= {"flags"}
        if not flags_only:
            raise refusal(50005)
        world.require(channel, editor_id, bits.MANAGE_MESSAGES)
    elif message.type not in _WRITTEN:
        raise refusal(50021)
    if draft.uploads and channel.guild_id is not None:
        world.require(channel, editor_id, bits.ATTACH_FILES)
    _check_edits_of_old(world, channel, message)
    return apply(world, channel, message, draft)


def apply(
    world: World, channel: Channel, message: Message, draft: Draft, *, users_only: bool = False
) -> Message:
    """Change a message as a checked draft says, and tell of it; fields not given stay."""
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
    if not (message.content or message.embeds or message.attachments or message.components):
        raise refusal(50006)
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


def delete(world: World, channel: Channel, message: Message, user_id: int) -> None:
    """Delete as somebody: one's own, or anyone's with MANAGE_MESSAGES."""
    world.require(channel, user_id)
    if message.author.id != user_id:
        if channel.guild_id is None:
            raise refusal(50003)
        world.require(channel, user_id, bits.MANAGE_MESSAGES)
    if channel.thread is not None and channel.thread.archived:
        raise refusal(50083)
    erase(world, channel, message)


def erase(world: World, channel: Channel, message: Message) -> None:
    """Take a message away and tell of it; its thread, if it has one, lives on."""
    world.remove(message)
    counted = message.id != channel.id and message.type != threads.STARTER and message.ephemeral_for is None
    if channel.thread is not None and counted:
        channel.thread.message_count -= 1
    data: Json = {"id": str(message.id), "channel_id": str(channel.id)}
    if channel.guild_id is not None and message.ephemeral_for is None:
        data["guild_id"] = str(channel.guild_id)
    world.emit(_event(world, "MESSAGE_DELETE", data, message))


def bulk_delete(world: World, channel: Channel, ids: list[int], user_id: int) -> None:
    """Delete 2 to 100 messages at once; ids of no message are passed over, as Discord does."""
    if channel.guild_id is None:
        raise refusal(50003)
    world.require(channel, user_id, bits.MANAGE_MESSAGES)
    if not 2 <= len(ids) <= 100:
        raise refusal(50016)
    if len(set(ids)) != len(ids):
        raise invalid("messages", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
    if any(world.clock() - moment_of(each) > _BULK_AGE_S for each in ids):
        raise refusal(50034)
    found = [each for each in ids if each in world.messages and world.messages[each].channel_id == channel.id]
    for message_id in found:
        world.remove(world.messages[message_id])
        if channel.thread is not None:
            channel.thread.message_count -= 1
    data: Json = {
        "ids": [str(each) for each in found],
        "channel_id": str(channel.id),
        "guild_id": str(channel.guild_id),
    }
    event = Event("MESSAGE_DELETE_BULK", data, channel.guild_id, channel.id, intent=intents.GUILD_MESSAGES)
    world.emit(event)


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


def _check_may_post(world: World, channel: Channel, author_id: int, draft: Draft) -> None:
    if channel.type not in TEXT_CHANNELS:
        world.require(channel, author_id)
        raise refusal(50008)
    if channel.guild_id is not None:
        sending = bits.SEND_MESSAGES_IN_THREADS if channel.thread else bits.SEND_MESSAGES
        files = [bits.ATTACH_FILES] if draft.uploads else []
        embeds = [bits.EMBED_LINKS] if draft.embeds else []
        world.require(channel, author_id, sending, *files, *embeds)
    else:
        world.require(channel, author_id)
        # Two applications cannot write to each other.
        if all(world.users[each].bot for each in channel.recipients):
            raise refusal(50007)
    if draft.empty:
        raise refusal(50006)


def _reference(world: World, channel: Channel, author_id: int, draft: Draft) -> Json | None:
    if draft.reference is None:
        return None
    if not world.permissions(channel, author_id) & bits.READ_MESSAGE_HISTORY:
        raise refusal(160002)
    message_id = int(draft.reference["message_id"])
    original = world.messages.get(message_id)
    if original is None or original.channel_id != channel.id or original.ephemeral_for is not None:
        if draft.reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None
    if original.type not in _WRITTEN:
        text = "Cannot reply to a system message"
        raise invalid("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", text)
    return reference_to(channel, message_id)


def reference_to(channel: Channel, message_id: int) -> Json:
    """The reference of a reply within its channel."""
    told: Json = {"type": 0, "channel_id": str(channel.id), "message_id": str(message_id)}
    if channel.guild_id is not None:
        told["guild_id"] = str(channel.guild_id)
    return told


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
    """A message becomes a V2 message only if everything of the old kind is taken away in the same edit."""
    if message.content and "content" not in draft.given:
        text = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    if message.embeds and "embeds" not in draft.given:
        text = "The 'embeds' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise invalid("embeds", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)


def _check_edits_of_old(world: World, channel: Channel, message: Message) -> None:
    now = world.clock()
    if now - message.at < _OLD_S:
        return
    recent = [at for at in world.old_edits.get(channel.id, ()) if now - at < _OLD_S]
    if len(recent) >= _OLD_EDITS:
        raise refusal(30046)
    world.old_edits[channel.id] = [*recent, now]
