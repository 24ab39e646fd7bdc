"""Servers and applications as Discord writes them."""

from __future__ import annotations

from bot.local.simulator.discord import intents, stickers
from bot.local.simulator.discord.model import Application, Guild, Json, User
from bot.local.simulator.discord.snowflakes import timestamp
from bot.local.simulator.discord.wire.channels import channel, hidden_channel
from bot.local.simulator.discord.wire.users import member, role, user
from bot.local.simulator.discord.world import World


def guild(value: Guild) -> Json:
    """A server as `GET /guilds/{id}` shows it; fields that the simulator lacks are as in a new server."""
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
    visible = {each.id for each in channels if world.can_view(each, viewer_id)}
    return guild(value) | {
        "stickers": [stickers.wire(each) for each in world.stickers.values() if each.guild_id == value.id],
        "joined_at": timestamp(value.members[viewer_id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(value.members),
        "members": [member(world, value.members[viewer_id])],
        "channels": [
            channel(world, each) if each.id in visible else hidden_channel(each)
            for each in channels
            if each.thread is None
        ],
        "threads": [
            channel(world, each, viewer_id)
            for each in channels
            if each.id in visible and each.thread and not each.thread.archived
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
        "interactions_endpoint_url": value.interactions_endpoint_url,
        "role_connections_verification_url": None,
        "approximate_guild_count": sum(value.user_id in each.members for each in world.guilds.values()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "integration_types_config": {
            "0": {"oauth2_install_params": value.install_params} if value.install_params else {}
        },
        "flags_new": str(intents.application_flags(value.privileged_intents)),
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }
