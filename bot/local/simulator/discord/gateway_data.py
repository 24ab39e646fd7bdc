"""The data of the gateway's larger events."""

from __future__ import annotations

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord.model import Application, Guild, Json
from bot.local.simulator.discord.sessions import Session
from bot.local.simulator.discord.world import World


def guilds_of(world: World, session: Session) -> list[Guild]:
    """The servers of a session's shard."""
    mine = [each for each in world.guilds.values() if session.user_id in each.members]
    return [each for each in mine if (each.id >> 22) % session.shard[1] == session.shard[0]]


def ready(world: World, application: Application, session: Session, data: Json) -> Json:
    """READY."""
    ready: Json = {
        "v": 10,
        "user": wire.own_user(world.users[application.user_id]),
        "user_settings": {},
        "guilds": [{"id": str(each.id), "unavailable": True} for each in guilds_of(world, session)],
        "session_id": session.id,
        "resume_gateway_url": world.gateway_url,
        "session_type": "normal",
        "application": {
            "id": str(application.id),
            "flags": intents.application_flags(application.privileged_intents),
        },
        "private_channels": [],
        "relationships": [],
        "presences": [],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": [],
        "_trace": [],
    }
    return ready | ({"shard": list(session.shard)} if "shard" in data else {})


def members_chunk(world: World, session: Session, data: Json) -> Json | None:
    """GUILD_MEMBERS_CHUNK: by ids or by the beginning of a name; everybody only with GUILD_MEMBERS."""
    guild = world.guilds.get(int(data.get("guild_id") or 0))
    if guild is None or session.user_id not in guild.members:
        return None
    asked = data.get("user_ids") or []
    ids = {int(each) for each in (asked if isinstance(asked, list) else [asked])}
    query, limit = str(data.get("query") or "").casefold(), int(data.get("limit") or 0)
    everybody = bool(session.intents & intents.GUILD_MEMBERS)
    found = [
        member
        for member in guild.members.values()
        if (
            member.user_id in ids
            if ids
            else world.users[member.user_id].username.casefold().startswith(query)
        )
    ]
    if not ids and not everybody:
        found = found[:limit] if query else []
    elif limit:
        found = found[:limit]
    chunk: Json = {
        "guild_id": str(guild.id),
        "members": [wire.member(world, each) for each in found],
        "chunk_index": 0,
        "chunk_count": 1,
        "not_found": [str(each) for each in sorted(ids - set(guild.members))],
    }
    if data.get("nonce"):
        chunk["nonce"] = data["nonce"]
    return chunk
