"""Where the chosen model does not answer, another one does; where none does, the line says whose fault it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.conversation import fallback_wording, reply_wording, wording
from bot.conversation.fallback_wording import answered_by
from bot.local.simulator.claude import faults
from bot.local.simulator.claude.failures import Failure
from tests.e2e.controls import press
from tests.e2e.test_commands import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SONNET, HAIKU, OPUS = "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5"
FALLBACK = {"BOT_CLAUDE__FALLBACK": HAIKU}
LONG = "The warp is long. " * 100
"""With the system prompt and its answer, more than the cache's least prompt."""


def asks(model: str) -> Any:
    """Whether a request asks this model."""
    return lambda body: body["model"] == model


def for_long(failure: Failure) -> Failure:
    """The same failure, for longer than anybody waits."""
    return replace(failure, headers={**failure.headers, "retry-after": "3600"})


async def test_the_fallback_answers_for_an_overloaded_model_and_the_next_turn_asks_the_first(
    world: World,
) -> None:
    # A prompt of its own: what other tests have sent stands in the same cache.
    async with world.apart({**FALLBACK, "BOT_CLAUDE__SYSTEM": "You weave."}) as own:
        own.claude.say(LONG * 8)
        thread = await own.converse(own.channel(), LONG)
        await own.settled(thread)
        await own.settled(await own.ann.post(thread, "go on"))
        own.claude.faults.add(for_long(faults.overloaded()), when=asks(SONNET))
        second = await own.ann.post(thread, "and now?")
        await own.settled(second)
        reply, notice = own.said(thread)[-2:]
        assert reply["content"] == "I see."
        assert notice["content"] == wording.small(answered_by(SONNET, HAIKU, "overloaded"))
        why = await answer(await own.ann.command(thread, "why", {"message": str(second["id"])}))
        assert HAIKU in why
        await own.settled(await own.ann.post(thread, "and then?"))
        assert [call.body["model"] for call in own.asked] == [*[SONNET] * 3, HAIKU, SONNET]
        usage = await answer(await own.ann.command(thread, "usage", {}))
        assert HAIKU in usage
        fallback, first_again = own.asked[3:]
        assert fallback.usage["cache_read_input_tokens"] == 0
        assert first_again.usage["cache_read_input_tokens"] > 1000
        asked = own.bots[0].log("fallback_asked")
        assert [(each["model"], each["reason"]) for each in asked] == [(HAIKU, "overloaded")]


async def test_a_passing_overload_does_not_change_the_model(world: World) -> None:
    async with world.apart(FALLBACK) as own:
        own.claude.faults.add(faults.overloaded())
        await own.converse(own.channel(), "hello")
        assert [call.body["model"] for call in own.asked] == [SONNET, SONNET]


@pytest.mark.parametrize("fault", ["refusal", "content_filtered", "not_found"])
async def test_the_fallback_answers_where_a_model_declines_or_is_withdrawn(world: World, fault: str) -> None:
    why = "withdrawn" if fault == "not_found" else "refused"
    async with world.apart(FALLBACK) as own:
        own.claude.faults.add(getattr(faults, fault)(), when=asks(SONNET))
        own.claude.say_when(asks(HAIKU), "Gladly.")
        message = await own.ann.post(own.channel(), f"{own.mention} hello")
        thread = await own.thread_of(message)
        await own.settled(message)
        reply, notice = own.said(thread)
        assert reply["content"] == "Gladly."
        assert notice["content"] == wording.small(answered_by(SONNET, HAIKU, why))
        await own.settled(await own.ann.post(thread, "go on"))
        assert "hello" in str(own.asked[-1].body["messages"])
        assert "Gladly." in str(own.asked[-1].body["messages"])


async def test_a_reply_that_is_declined_after_people_have_seen_text_is_not_replaced(world: World) -> None:
    async with world.apart(FALLBACK) as own:
        own.claude.faults.add(faults.refusal(after=2))
        own.claude.say(["The warp ", "runs ", "along."])
        message = await own.ann.post(own.channel(), f"{own.mention} hello")
        thread = await own.thread_of(message)
        await own.settled(message)
        assert [each["content"] for each in own.said(thread)] == [wording.small(reply_wording.REFUSED)]
        assert [call.body["model"] for call in own.asked] == [SONNET]


async def test_the_fallback_counts_within_the_same_limits_at_its_own_price(world: World) -> None:
    async with world.apart({**FALLBACK, "BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        own.claude.faults.add(for_long(faults.overloaded()), when=asks(SONNET))
        first = await own.ann.post(own.channel(), f"{own.mention} hello")
        await own.settled(first)
        second = await own.ann.post(own.channel(), f"{own.mention} hello")
        await own.settled(second)
        assert "used up" in own.said(await own.thread_of(second))[0]["content"]
        assert [call.body["model"] for call in own.asked] == [SONNET, HAIKU]


async def test_try_again_asks_the_first_model_again_also_after_a_restart(world: World) -> None:
    async with world.apart(FALLBACK) as own:
        own.claude.faults.add(*[for_long(faults.overloaded())] * 2)
        message = await own.ann.post(own.channel(), f"{own.mention} hello")
        thread = await own.thread_of(message)
        await own.settled(message)
        (failed,) = own.said(thread)
        assert fallback_wording.LIKELY_INCIDENT in failed["content"]
        await own.bots.pop().kill()
        await own.start_bot()
        await press(own.ann, thread, failed, "Try again")
        await own.until(lambda: own.said(thread)[0]["content"] == "I see.")
        assert [call.body["model"] for call in own.asked] == [SONNET, HAIKU, SONNET]


async def test_a_bot_whose_model_is_gone_starts_with_a_fallback(world: World) -> None:
    settings = {"BOT_CLAUDE__MODEL": "claude-gone-1", "BOT_CLAUDE__FALLBACK": HAIKU}
    async with world.apart(settings) as own:
        message = await own.ann.post(own.channel(), f"{own.mention} hello")
        thread = await own.thread_of(message)
        await own.settled(message)
        reply, notice = own.said(thread)
        assert reply["content"] == "I see."
        assert answered_by("claude-gone-1", HAIKU, "withdrawn") in notice["content"]
        await own.until(lambda: own.bots[0].log("model_unavailable"))


@dataclass
class Page:
    """A status page on a real socket."""

    url: str = ""
    indicator: str = "major"
    asked: int = 0


@pytest_asyncio.fixture(loop_scope="session")
async def page() -> AsyncIterator[Page]:
    """A page that reports an incident in words that nobody may see."""
    found = Page()

    async def status(_request: web.Request) -> web.Response:
        found.asked += 1
        body = {"status": {"indicator": found.indicator, "description": "@everyone the looms burn"}}
        return web.Response(text=json.dumps(body))

    app = web.Application()
    app.router.add_get("/api/v2/status.json", status)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v2/status.json"
    yield found
    await runner.cleanup()


async def test_where_nothing_answers_the_line_tells_of_the_incident_and_links_to_the_page(
    world: World, page: Page
) -> None:
    settings = {"BOT_CLAUDE__STATUS_URL": page.url, "BOT_CLAUDE__STATUS_PRIVATE": "true"}
    async with world.apart(settings) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        assert page.asked == 0
        own.claude.faults.add(*[for_long(faults.overloaded())] * 2)
        for text in ("one", "two"):
            await own.settled(await own.ann.post(thread, text))
        line = wording.small(
            f"[Claude's status page](<{page.url.removesuffix('/api/v2/status.json')}>) reports an incident."
        )
        assert [each["content"].splitlines()[-1] for each in own.said(thread)[1:]] == [line, line]
        assert "looms" not in str(own.said(thread))
        assert page.asked == 1


async def test_a_private_status_page_that_is_not_allowed_is_one_line_at_the_start(
    world: World, page: Page
) -> None:
    bot = await world.start_bot_unready(BOT_CLAUDE__STATUS_URL=page.url)
    await bot.said("status_private = true")
    await bot.kill()
    world.bots.remove(bot)
