"""The route table of /api/v10: handler and rate-limit bucket of each route."""

from __future__ import annotations

from bot.local.simulator.discord import ratelimits as limits
from bot.local.simulator.discord.rest import channels, commands, guilds, interactions, messages, search, users
from bot.local.simulator.discord.rest.call import Route

_C = "/channels/{channel_id}"
_M = "/channels/{channel_id}/messages/{message_id}"
_G = "/guilds/{guild_id}"
_T = "/channels/{channel_id}/thread-members"
_A = "/applications/{application_id}"
_W = "/webhooks/{application_id}/{token}"
_R = "/channels/{channel_id}/messages/{message_id}/reactions"

# The order matters where a fixed path and one with a parameter meet: the fixed one comes first.
ROUTES: tuple[Route, ...] = (
    Route("GET", "/gateway", users.gateway, public=True),
    Route("GET", "/gateway/bot", users.gateway_bot),
    Route("GET", "/users/@me", users.me),
    Route("GET", "/users/@me/guilds", users.my_guilds),
    Route("DELETE", "/users/@me/guilds/{guild_id}", users.leave_guild),
    Route("POST", "/users/@me/channels", users.open_dm),
    Route("GET", "/users/{user_id}", users.user),
    Route("GET", "/oauth2/applications/@me", users.application),
    Route("GET", "/applications/@me", users.application),
    Route("PATCH", "/applications/@me", users.edit_application),
    Route("GET", _G, guilds.guild, major="guild_id"),
    Route("GET", _G + "/channels", guilds.guild_channels, major="guild_id"),
    Route("POST", _G + "/channels", guilds.create_channel, major="guild_id"),
    Route("GET", _G + "/roles", guilds.roles, major="guild_id"),
    Route("GET", _G + "/members/search", guilds.search_members, major="guild_id"),
    Route("GET", _G + "/members/{user_id}", guilds.member, major="guild_id"),
    Route("GET", _G + "/threads/active", guilds.active_threads, major="guild_id"),
    Route("GET", _G + "/messages/search", search.messages, major="guild_id"),
    Route("GET", _C, channels.get, major="channel_id"),
    Route("PATCH", _C, channels.patch, limits.CHANNEL, "channel_id"),
    Route("DELETE", _C, channels.delete, limits.CHANNEL, "channel_id"),
    Route("POST", _C + "/typing", channels.typing, limits.TYPING, "channel_id"),
    Route("GET", _C + "/messages", messages.history, limits.READ, "channel_id"),
    Route("POST", _C + "/messages", messages.create, limits.MESSAGES, "channel_id"),
    Route("POST", _C + "/messages/bulk-delete", messages.bulk_delete, limits.BULK, "channel_id"),
    Route("GET", _C + "/messages/pins", messages.list_pins, limits.PINS, "channel_id"),
    Route("PUT", _C + "/messages/pins/{message_id}", messages.pin, limits.PINS, "channel_id"),
    Route("DELETE", _C + "/messages/pins/{message_id}", messages.unpin, limits.PINS, "channel_id"),
    Route("GET", _C + "/pins", messages.list_pins_as_before, limits.PINS, "channel_id"),
    Route("PUT", _C + "/pins/{message_id}", messages.pin, limits.PINS, "channel_id"),
    Route("DELETE", _C + "/pins/{message_id}", messages.unpin, limits.PINS, "channel_id"),
    Route("GET", _M, messages.get, limits.READ, "channel_id"),
    Route("PATCH", _M, messages.patch, limits.MESSAGES, "channel_id"),
    Route("DELETE", _M, messages.delete, limits.DELETE, "channel_id"),
    Route("POST", _C + "/polls/{message_id}/expire", messages.end_poll, limits.MESSAGES, "channel_id"),
    Route("GET", _C + "/polls/{message_id}/answers/{answer_id}", messages.voters, limits.READ, "channel_id"),
    Route("POST", _M + "/threads", channels.thread_from_message, limits.THREADS, "channel_id"),
    Route("DELETE", _R, messages.clear_reactions, limits.REACTIONS, "channel_id"),
    Route("GET", _R + "/{emoji}", messages.reactors, limits.READ, "channel_id"),
    Route("DELETE", _R + "/{emoji}", messages.clear_reactions, limits.REACTIONS, "channel_id"),
    Route("PUT", _R + "/{emoji}/@me", messages.react, limits.REACTIONS, "channel_id"),
    Route("DELETE", _R + "/{emoji}/{user_id}", messages.unreact, limits.REACTIONS, "channel_id"),
    Route("POST", _C + "/threads", channels.create_thread, limits.THREADS, "channel_id"),
    Route("GET", _C + "/threads/archived/public", channels.archived_public, major="channel_id"),
    Route("GET", _C + "/threads/archived/private", channels.archived_private, major="channel_id"),
    Route("GET", _C + "/users/@me/threads/archived/private", channels.archived_joined, major="channel_id"),
    Route("PUT", _T + "/@me", channels.join, major="channel_id"),
    Route("DELETE", _T + "/@me", channels.leave, major="channel_id"),
    Route("GET", _T, channels.members, major="channel_id"),
    Route("GET", _T + "/{user_id}", channels.member, major="channel_id"),
    Route("PUT", _T + "/{user_id}", channels.add_member, major="channel_id"),
    Route("DELETE", _T + "/{user_id}", channels.remove_member, major="channel_id"),
    *(
        Route(method, _A + place + path, handler, limits.COMMANDS)
        for place in ("", "/guilds/{guild_id}")
        for method, path, handler in (
            ("GET", "/commands", commands.get_all),
            ("PUT", "/commands", commands.put_all),
            ("POST", "/commands", commands.create),
            ("GET", "/commands/{command_id}", commands.get),
            ("PATCH", "/commands/{command_id}", commands.patch),
            ("DELETE", "/commands/{command_id}", commands.delete),
        )
    ),
    Route(
        "POST",
        "/interactions/{interaction_id}/{token}/callback",
        interactions.callback,
        limits.WEBHOOK,
        "token",
        public=True,
    ),
    Route("POST", _W, interactions.follow_up, limits.WEBHOOK, "token", public=True),
    Route("GET", _W + "/messages/{message}", interactions.get, limits.WEBHOOK, "token", public=True),
    Route("PATCH", _W + "/messages/{message}", interactions.patch, limits.WEBHOOK, "token", public=True),
    Route("DELETE", _W + "/messages/{message}", interactions.delete, limits.WEBHOOK, "token", public=True),
)
