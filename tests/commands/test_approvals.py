"""The message on which a person decides a call that waits for a permission."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.commands.admission import BLOCKED
from bot.commands.approvals import MAY_NOT_DECIDE, ApprovalButtons
from bot.conversation.access_rules import BLOCK, AccessDefaults
from bot.conversation.audit import Actor
from bot.conversation.scope import Scope
from bot.render.outbox import Outgoing
from tests.commands import services
from tests.turns.desk_stage import ASKER, CONTEXT, ID, SERVER, THREAD, TURN, Bench, bench

__all__ = ["bench"]

STRANGER = 66


class Sent:
    """A modal as a person without rights submits it, who has opened it at a message; keeps what is said."""

    def __init__(self, message: int, person: int) -> None:
        self.id, self.channel_id, self.guild_id, self.channel = 9, THREAD, SERVER, None
        self.type = discord.InteractionType.modal_submit
        self.user = SimpleNamespace(id=person)
        self.message = SimpleNamespace(id=message, components=[])
        self.permissions = discord.Permissions.none()
        self.said: list[str] = []
        self.response = SimpleNamespace(defer=self._nothing, is_done=lambda: True)
        self.followup = SimpleNamespace(send=self._send)

    async def _nothing(self) -> None:
        """Take it as done."""

    async def _send(self, text: str, **_options: object) -> None:
        self.said.append(text)


async def submit(bench: Bench, message: int, person: int) -> list[str]:
    """Submit the modal of the call; returns what the person is told."""
    sent = Sent(message, person)
    given = services(
        approvals=bench.desk, scope_settings=bench.scope_settings, access_defaults=AccessDefaults
    )
    pressed = ApprovalButtons(given)
    await pressed.submitted(cast("Any", sent), values={"reason": "no"}, approval=str(ID))
    return sent.said


@pytest.mark.parametrize("person", [STRANGER, ASKER])
@pytest.mark.parametrize("has_card", [True, False])
async def test_security_a_modal_that_is_opened_at_another_message_neither_overwrites_nor_removes_it(
    bench: Bench, person: int, *, has_card: bool
) -> None:
    await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    if has_card:
        await bench.desk.post_cards(THREAD, TURN)
    card = (await bench.found()).card
    reply = (await bench.outbox.send(THREAD, Outgoing("A reply.", nonce="r"))).id
    told = await submit(bench, reply, person)
    assert told == ([] if person == ASKER else [MAY_NOT_DECIDE])
    assert bench.outbox.messages[reply] == "A reply."
    found = await bench.found()
    assert (found.card, found.state) == (card, "refused" if person == ASKER else "waiting")


async def test_security_whoever_is_blocked_meanwhile_tells_claude_nothing(bench: Bench) -> None:
    found = await bench.opened()
    rule = {f"access:person:{ASKER}": BLOCK}
    await bench.scope_settings.change(Actor(SERVER, STRANGER, 1), Scope.SERVER, SERVER, rule)
    assert (await submit(bench, found.card or 0, ASKER))[0].startswith(BLOCKED)
    assert (await bench.found()).state == "waiting"
