"""Calls that Discord refused during a turn: it refuses them again in a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_replayed_turns import bundled, pieces, played
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "A sentence that is shown, and that goes on for a while. And another one that ends it."


@pytest.mark.parametrize(
    ("fault", "route", "error", "refused"),
    [
        ({"action": "error", "status": 403, "code": 50013}, "", "DiscordForbidden", [0, 0, 403, 50013, 0]),
        (
            {"action": "error", "status": 400, "code": 50035},
            r"/\d+",
            "DiscordRejected",
            [1, 0, 400, 50035, 0],
        ),
        ({"action": "status", "status": 503, "times": 5}, "", "DiscordUnavailable", [0, 0, 503, 0, 0]),
        ({"action": "ratelimit", "retry_after_s": 7.4}, "", "DiscordNotNow", [0, 0, 0, 0, 7]),
    ],
    ids=["forbidden", "rejected edit", "unavailable", "rate limit"],
)
async def test_a_call_that_discord_refused_is_refused_again(
    world: World, tmp_path: Path, fault: dict[str, Any], route: str, error: str, refused: list[int]
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.say(pieces(TEXT, 20), pause=0.2)
        own.discord.faults.add(
            method="PATCH" if route else "POST",
            route=rf"/channels/{thread}/messages{route}$",
            only_token=own.app.token,
            **fault,
        )
        said = await own.ann.post(thread, "say it")
        ended = ("turn_done", "turn_halted")
        await own.until(lambda: any(own.bots[0].log(each, turn=int(said["id"])) for each in ended), 60.0)
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        attempt = journal["timeline"][-1]
        assert set(attempt["failures"]) == {error}
        assert attempt["refused"][0] == refused
        shown = await played(own, tmp_path / "bundle")
    assert "Not played" not in shown
    assert f"errors of Discord: {error}" in shown
    assert "DIFFERS" not in shown
