"""Discord loses answers after it has done the work, or somebody deletes what is being written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.gateway.catchup.backlog import LIST_S
from tests.engine.arena import Arena
from tests.engine.cases import Case, run
from tests.engine.comparison import SUPPRESS_NOTIFICATIONS
from tests.engine.scenarios import SCENARIOS
from tests.engine.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWO_REPLIES = SCENARIOS[0]
FORGOTTEN = next(scenario for scenario in SCENARIOS if scenario.name == "forgotten")
MESSAGES = r"/channels/\d+/messages"


async def played(found: Arena, order: Callable[[Stage], object]) -> list[str]:
    """Play two replies under what `order` orders; returns what does not hold at the end."""
    async with found.stage() as stage:
        await (await stage.start()).ready()
        order(stage)
        await TWO_REPLIES.play(stage)
        return await stage.rest()


async def test_a_call_whose_answer_is_lost_is_repeated_and_counts_once(found: Arena) -> None:
    def losing(method: str, after: int) -> Callable[[Stage], object]:
        return lambda stage: stage.world.discord.faults.add(
            action="reset_after",
            method=method,
            route=MESSAGES,
            after=after,
            times=2,
            only_token=stage.world.app.token,
        )

    orders = [losing(method, after) for method in ("POST", "PATCH") for after in range(3)]
    assert await asyncio.gather(*(played(found, order) for order in orders)) == [[]] * len(orders)


async def test_a_reply_that_somebody_deletes_is_not_written_again_and_blocks_nothing(found: Arena) -> None:
    async def while_it_is_written(stage: Stage, thread: int) -> None:
        await stage.visible(thread, 1)

    async def when_it_is_finished(stage: Stage, thread: int) -> None:
        await stage.finished(thread, 1)

    async def deleted(when: Callable[[Stage, int], Awaitable[None]]) -> list[str]:
        async with found.stage() as stage:
            await (await stage.start()).ready()
            thread = await stage.post(None, "stream")
            await when(stage, thread)
            await stage.world.admin.delete(thread, stage.world.replies(thread)[0]["id"])
            stage.scene.said.clear()
            await stage.post(thread, "short")
            return await stage.rest()

    breaches = await asyncio.gather(deleted(while_it_is_written), deleted(when_it_is_finished))
    assert list(breaches) == [[], []]


async def test_a_thread_that_somebody_deletes_leaves_nothing_to_do(found: Arena) -> None:
    async with found.stage() as stage:
        await (await stage.start()).ready()
        thread = await stage.post(None, "stream")
        await stage.visible(thread, 1)
        await stage.world.admin.delete_channel(thread)
        stage.scene.said.clear()
        await stage.post(None, "short")
        assert await stage.rest() == []


async def test_a_reply_that_was_adopted_is_kept_although_the_bot_dies_before_it_commits(found: Arena) -> None:
    outcome = await run(found, Case(FORGOTTEN, "adopt:after:1", "kill"))
    assert outcome.reached
    assert outcome.breaches == []


async def test_a_reply_that_is_gone_on_with_behind_a_newer_one_still_belongs_together(found: Arena) -> None:
    async with found.stage() as stage:
        first = await stage.start(POINTS_AT="send:after:2", POINTS_DO="kill")
        await first.ready()
        thread = await stage.post(None, "short")
        await stage.rest(still_s=0.2)
        snapshot = await stage.snapshot()
        await stage.post(thread, "long")
        await first.ended()
        await stage.roll_back(snapshot)  # the store has forgotten the message whose reply has begun
        stage.scene.in_order = False
        token = stage.world.app.token
        listing = {
            "action": "delay",
            "method": "GET",
            "route": f"/channels/{thread}/messages",
            "delay_s": LIST_S + 1.0,  # the newer message waits no longer for an older one
        }
        stage.world.discord.faults.add(**listing, times=None, only_token=token)  # type: ignore[arg-type]
        await (await stage.start()).ready()
        await stage.post(thread, "short")
        await stage.visible(thread, 3)
        stage.world.discord.faults.clear()
        assert await stage.rest() == []
        points_to = [m.get("message_reference", {}).get("message_id") for m in stage.world.replies(thread)]
        assert stage.world.replies(thread)[1]["id"] in points_to, "the newer message was answered in between"


async def test_a_reply_to_a_threads_first_message_behind_a_newer_one_is_told_apart(found: Arena) -> None:
    async with found.stage() as stage:
        first = await stage.start(POINTS_AT="open_thread:after:1", POINTS_DO="kill")
        await first.ready()
        snapshot = await stage.snapshot()
        thread = await stage.post(None, "long")
        await first.ended()
        await stage.roll_back(snapshot)  # the store has forgotten what the thread was opened for
        stage.scene.in_order = False
        channel = stage.world.discord.world.channels[thread].parent_id
        stage.world.discord.faults.add(
            action="delay",
            method="GET",
            route=f"/channels/{channel}/messages",
            delay_s=3.0,
            times=None,
            only_token=stage.world.app.token,
        )
        await (await stage.start()).ready()
        await stage.post(thread, "short")
        await stage.finished(thread, 1)
        stage.world.discord.faults.clear()
        assert await stage.rest() == []
        newer, *reply = stage.world.replies(thread)
        assert len(reply) > 1, "the reply has several parts"
        shown = {message["id"]: message for message in stage.world.discord.messages(thread)}
        notice = shown[reply[0]["message_reference"]["message_id"]]
        assert newer["message_reference"]["message_id"] == str(stage.scene.said[1].message)
        assert notice["flags"] & SUPPRESS_NOTIFICATIONS
        stage.keep(thread)
        for bot in stage.bots:
            await bot.kill()
        await stage.roll_back(snapshot)  # what stands there tells all by itself
        await (await stage.start()).ready()
        assert await stage.rest() == []
