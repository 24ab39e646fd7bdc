"""Nonces of the messages of a turn."""

from __future__ import annotations

import pytest

from bot.conversation.errors import DiscordGone
from bot.store.states import State
from bot.turns.nonce import burn_nonce, nonce
from tests.conversation.builders import message, snowflake
from tests.render.fake_outbox import FakeOutbox
from tests.store.claims import a_claim, changed

CLAIM = a_claim(snowflake(10), conversation=5, messages=(message("words"),), state=State.POSTED)


@pytest.mark.parametrize("turn_id", [snowflake(10), 2**63, 2**64 - 1])
@pytest.mark.parametrize("again", [0, 1, 255, 4095])
def test_a_nonce_is_never_longer_than_discord_takes_and_differs_between_regenerations(
    turn_id: int, again: int
) -> None:
    claim = changed(CLAIM, turn_id=turn_id, regeneration=again)
    names = [nonce(claim, part, series) for part in (0, 1, 99, "n") for series in ("", "b")]
    assert all(len(name) <= 25 for name in names)
    other = changed(claim, regeneration=again + 1)
    assert not set(names) & {nonce(other, part, series) for part in (0, 1, 99, "n") for series in ("", "b")}


async def test_a_burnt_nonce_brings_a_late_post_no_message_and_leaves_none() -> None:
    outbox = FakeOutbox(round_trip_s=0.0)
    await burn_nonce(outbox, 5, "10-1")
    assert outbox.texts() == []
    assert "10-1" in outbox.nonces
    assert outbox.silent == set(outbox.nonces.values())


async def test_a_nonce_whose_message_was_deleted_is_burnt_already() -> None:
    outbox = FakeOutbox(round_trip_s=0.0)
    outbox.failures.append(DiscordGone("code 10008"))
    await burn_nonce(outbox, 5, "10-1")
    assert outbox.calls == []
