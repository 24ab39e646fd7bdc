from __future__ import annotations

import datetime as dt
import time
from typing import Any, cast

import discord
import pytest

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordNotNow
from bot.gateway.connection.timeouts import Timeouts

HOUR_S = 3600.0
ME = {"id": "3", "username": "Bobbin", "discriminator": "0", "avatar": None}
EVERYONE = {
    "id": "1",
    "name": "@everyone",
    "permissions": "0",
    "position": 0,
    "color": 0,
    "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
    "hoist": False,
    "managed": False,
    "mentionable": False,
}


def timed_out(*, for_s: float, host_ahead_s: float) -> Timeouts:
    """A bot that is timed out `for_s` from now, on a host whose clock is wrong; Discord has told the time."""
    now_s = time.time() - host_ahead_s
    until = dt.datetime.fromtimestamp(now_s + for_s, dt.UTC).isoformat()
    member = {"user": ME, "roles": [], "flags": 0, "communication_disabled_until": until}
    client = discord.Client(intents=discord.Intents.none())
    state = client._connection
    state.user = discord.ClientUser(state=state, data=cast("Any", ME))
    state._add_guild_from_data(
        cast("Any", {"id": "1", "name": "Weavers", "owner_id": "2", "roles": [EVERYONE], "members": [member]})
    )
    clock = Clock()
    clock.set_from_response(now_s, clock.steady_s(), clock.steady_s())
    return Timeouts(client, clock)


@pytest.mark.parametrize("host_ahead_s", [2 * HOUR_S, 0.0, -2 * HOUR_S])
async def test_a_time_out_ends_by_the_clock_of_discord(host_ahead_s: float) -> None:
    with pytest.raises(DiscordNotNow):
        timed_out(for_s=HOUR_S, host_ahead_s=host_ahead_s).check(7, 1)
    timed_out(for_s=-HOUR_S, host_ahead_s=host_ahead_s).check(7, 1)
