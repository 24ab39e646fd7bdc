"""Which permissions the bot lacks in the channels that a server has named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.findings.configured import Purpose
from bot.gateway.conversion.server_facts import server_facts


@pytest.mark.parametrize(
    ("purpose", "lacks"),
    [(Purpose.AUDIT, ("Read Message History",)), (Purpose.NOTIFY, ())],
)
def test_a_channel_of_the_audit_log_needs_its_history_and_one_of_alerts_does_not(
    purpose: Purpose, lacks: tuple[str, ...]
) -> None:
    held = discord.Permissions(view_channel=True, send_messages=True)
    channel = cast("Any", SimpleNamespace(id=5, name="log", permissions_for=lambda _me: held))
    guild = cast("Any", SimpleNamespace(id=1, name="Looms"))
    me = cast("Any", SimpleNamespace(guild_permissions=discord.Permissions.all(), is_timed_out=lambda: False))
    facts = server_facts(guild, me, [(5, purpose)], lambda _id: channel)
    assert facts.channels[0].lacks == lacks
