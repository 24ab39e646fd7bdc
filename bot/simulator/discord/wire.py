"""How Discord writes its objects as JSON: ids as text, moments as ISO 8601, optional keys left out where it does."""

from __future__ import annotations

from bot.simulator.discord import attachments, intents
from bot.simulator.discord.model import (
    Application,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Overwrite,
    Role,
    ThreadMember,
    User,
)
from bot.simulator.discord.snowflakes import moment_of, timestamp
from bot.simulator.discord.world import World

HAS_THREAD = 1 << 5
DIRECT_MESSAGE = 1
VOICE = 2
FORUM = 15


def user(value: User) -> Json:
    told: Json = {
        "id": str(value.id),
        "username": value.username,
        "discriminator": _discriminator(value),
        "global_name": None if value.bot else value.display_name,
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }
    if value.bot or value.webhook:
        told["bot"] = True
    return told


def own_user(value: User) -> Json:
    """A user as that user sees it (`GET /users/@me`)."""
    return user(value) | {
        "bot": True,
        "verified": True,
        "mfa_enabled": False,
        "locale": "en-US",
        "premium_type": 0,
        "email": None,
        "bio": "",
    }


def member(world: World, value: Member, *, with_user: bool = True) -> Json:
    told: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "deaf": False,
        "flags": 0,
        "joined_at": timestamp(value.joined_at),
        "mute": False,
        "nick": value.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(each) for each in value.role_ids],
    }
    if with_user:
        told["user"] = user(world.users[value.user_id])
    return told


def role(value: Role) -> Json:
    told: Json = {
        "id": str(value.id),
        "name": value.name,
        "permissions": str(value.permissions),
        "position": value.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": value.managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return told


def overwrite(value: Overwrite) -> Json:
    return {"id": str(value.id), "type": value.type, "allow": str(value.allow), "deny": str(value.deny)}


def thread_member(channel: Channel, value: ThreadMember) -> Json:
    return {
        "id": str(channel.id),
        "user_id": str(value.user_id),
        "join_timestamp": timestamp(value.joined_at),
        "flags": 0,
        "muted": False,
        "mute_config": None,
    }


def channel(world: World, value: Channel, viewer_id: int | None = None) -> Json:
    """A channel, a thread or a direct message; the viewer's own membership of a thread is added for them."""
    if value.guild_id is None:
        others = [world.users[each] for each in value.recipients if each != viewer_id]
        return {
            "id": str(value.id),
            "type": value.type,
            "flags": value.flags,
            "last_message_id": _id(value.last_message_id),
            "recipients": [user(each) for each in others],
        }
    told: Json = {
        "id": str(value.id),
        "type": value.type,
        "guild_id": str(value.guild_id),
        "name": value.name,
        "parent_id": _id(value.parent_id),
        "flags": value.flags,
        "rate_limit_per_user": value.rate_limit_per_user,
        "last_message_id": _id(value.last_message_id),
    }
    if value.last_pin_at is not None:
        told["last_pin_timestamp"] = timestamp(value.last_pin_at)
    if value.thread is None:
        told.update(
            position=value.position,
            topic=value.topic,
            nsfw=value.nsfw,
            permission_overwrites=[overwrite(each) for each in value.overwrites.values()],
        )
        if value.type == VOICE:
            told.update(bitrate=64_000, user_limit=0, rtc_region=None)
        if value.type == FORUM:
            told.update(
                available_tags=value.available_tags,
                default_reaction_emoji=None,
                default_sort_order=None,
                default_forum_layout=0,
                template="",
            )
        return told
    thread = value.thread
    told.update(
        owner_id=str(thread.owner_id),
        message_count=min(thread.message_count, 100_000),
        total_message_sent=thread.total_message_sent,
        member_count=min(len(thread.members), 50),
        thread_metadata={
            "archived": thread.archived,
            "archive_timestamp": timestamp(thread.archive_timestamp),
            "auto_archive_duration": thread.auto_archive_duration,
            "locked": thread.locked,
            "create_timestamp": timestamp(moment_of(value.id)),
        },
        member_ids_preview=[str(each) for each in list(thread.members)[:10]],
    )
    if value.type == 12:
        told["thread_metadata"]["invitable"] = thread.invitable
    if thread.applied_tags:
        told["applied_tags"] = [str(each) for each in thread.applied_tags]
    if viewer_id in thread.members:
        told["member"] = thread_member(value, thread.members[viewer_id])
    return told


def guild(value: Guild) -> Json:
    """A server as `GET /guilds/{id}` shows it; what this world does not know is as in a new one."""
    return {
        "id": str(value.id),
        "name": value.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": str(value.owner_id),
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "application_id": None,
        "max_presences": None,
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "nsfw": False,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role(each) for each in value.roles.values()],
    }


def guild_create(world: World, value: Guild, viewer_id: int) -> Json:
    """GUILD_CREATE: the server with its channels, the visible active threads and the viewer as member."""
    channels = [each for each in world.channels.values() if each.guild_id == value.id]
    visible = [each for each in channels if world.can_view(each, viewer_id)]
    return guild(value) | {
        "joined_at": timestamp(value.members[viewer_id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(value.members),
        "members": [member(world, value.members[viewer_id])],
        "channels": [channel(world, each) for each in visible if each.thread is None],
        "threads": [
            channel(world, each, viewer_id) for each in visible if each.thread and not each.thread.archived
        ],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(world: World, value: Application) -> Json:
    """An application as its own bot sees it."""
    owner = User(id=value.id + 1, username="owner", display_name="The owner of this local application")
    return {
        "id": str(value.id),
        "name": value.name,
        "icon": None,
        "description": value.description,
        "summary": "",
        "type": None,
        "bot": user(world.users[value.user_id]),
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": user(owner),
        "team": None,
        "verify_key": f"{value.id:064x}",
        "flags": intents.application_flags(value.privileged_intents),
        "hook": True,
        "tags": [],
        "rpc_origins": [],
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": sum(value.user_id in each.members for each in world.guilds.values()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "integration_types_config": {"0": {}},
        "flags_new": str(intents.application_flags(value.privileged_intents)),
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


def message(world: World, value: Message, viewer_id: int | None, *, nested: bool = True) -> Json:
    """A message as the REST API shows it to a viewer; `nested` adds the message replied to and the thread."""
    told: Json = {
        "id": str(value.id),
        "channel_id": str(value.channel_id),
        "type": value.type,
        "content": value.content,
        "author": user(value.author),
        "timestamp": timestamp(value.at),
        "edited_timestamp": None if value.edited_at is None else timestamp(value.edited_at),
        "tts": value.tts,
        "mention_everyone": value.mention_everyone,
        "mentions": [user(world.users[each]) for each in value.mentions],
        "mention_roles": [str(each) for each in value.mention_roles],
        "attachments": [attachments.wire(world, each) for each in value.attachments],
        "embeds": value.embeds,
        "components": value.components,
        "pinned": value.pinned,
        "flags": value.flags,
    }
    if value.reactions:
        told["reactions"] = reactions(value, viewer_id)
    if value.nonce is not None:
        told["nonce"] = value.nonce
    if value.webhook_id is not None:
        told["webhook_id"] = str(value.webhook_id)
    if value.application_id is not None:
        told["application_id"] = str(value.application_id)
    if value.interaction_metadata is not None:
        told["interaction_metadata"] = value.interaction_metadata
    if value.legacy_interaction is not None:
        told["interaction"] = value.legacy_interaction
    if value.reference is not None:
        told["message_reference"] = value.reference
    if nested:
        if value.reference is not None and value.type in (19, 21):
            original = world.messages.get(int(value.reference["message_id"]))
            shown = None if original is None else message(world, original, viewer_id, nested=False)
            told["referenced_message"] = shown
        thread = world.channels.get(value.id)
        if value.flags & HAS_THREAD and thread is not None:
            told["thread"] = channel(world, thread, viewer_id)
    return told


def reactions(value: Message, viewer_id: int | None) -> list[Json]:
    return [
        {
            "emoji": each.emoji,
            "count": len(each.users),
            "count_details": {"burst": 0, "normal": len(each.users)},
            "burst_colors": [],
            "me": viewer_id in each.users,
            "me_burst": False,
            "burst_me": False,
            "burst_count": 0,
        }
        for each in value.reactions
    ]


def gateway_message(world: World, value: Message) -> Json:
    """A message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: with its server and its author as member."""
    told = message(world, value, None)
    place = world.channels.get(value.channel_id)
    if place is not None:
        told["channel_type"] = place.type
    if value.guild_id is None or value.ephemeral_for is not None:
        return told
    guild_ = world.guilds[value.guild_id]
    told["guild_id"] = str(guild_.id)
    if value.author.id in guild_.members and not value.author.webhook:
        told["member"] = member(world, guild_.members[value.author.id], with_user=False)
    for mentioned in told["mentions"]:
        if (known := guild_.members.get(int(mentioned["id"]))) is not None:
            mentioned["member"] = member(world, known, with_user=False)
    return told


def _discriminator(value: User) -> str:
    """Only bots still have a number behind their name; that of a webhook is 0000."""
    if value.webhook:
        return "0000"
    return f"{value.id % 9999 + 1:04}" if value.bot else "0"


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)
