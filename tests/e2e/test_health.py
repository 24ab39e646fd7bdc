"""What /healthz and /readyz of the running bot say while a service is away, and afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

import pytest

from bot.config import Exit
from bot.local.simulator.claude import faults
from tests.e2e.bot_process import BotProcess
from tests.e2e.gateway_way import GatewayWay
from tests.e2e.test_metrics import counted
from tests.e2e.world import World
from tests.redis_cluster import redis_cluster
from tests.redis_proxy import RedisProxy
from tests.redis_server import order, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVED = {"BOT_TELEMETRY__METRICS_PORT": "0"}
WELL = {"gateway": ("connected", ""), "redis": ("connected", ""), "claude": ("connected", "")}
LOOK_S = 0.05


async def asked(bot: BotProcess, path: str) -> tuple[int, dict[str, Any]]:
    """What the bot answers: the status, and the JSON object."""
    served = await bot.logged("metrics_served")

    def ask() -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{served['port']}{path}") as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return await asyncio.to_thread(ask)


async def states(world: World) -> dict[str, tuple[str, str]]:
    """The state and the reason of each service at /readyz, which are also those of the metrics."""
    status, body = await asked(world.bots[-1], "/readyz")
    services = {name: body[name] for name in WELL}
    assert status == (200 if all(each["ready"] for each in services.values()) else 503)
    return {name: (each["state"], each["reason"]) for name, each in services.items()}


async def reached(world: World, **wanted: tuple[str, str]) -> None:
    """Wait until the services are in these states, and the others are well; no restart ever helps."""
    patience = world.bots[-1].patience(30.0)
    while (found := await states(world)) != {**WELL, **wanted}:
        assert not patience.is_over, (found, world.bots[-1].output)
        await asyncio.sleep(LOOK_S)
    assert (await asked(world.bots[-1], "/healthz"))[0] == 200
    samples = await counted(world)
    for name, (state, reason) in {**WELL, **wanted}.items():
        sample = f'bobbin_service_state{{reason="{reason}",service="{name}",state="{state}"}}'
        assert samples[sample] == 1, samples
    assert samples["bobbin_ready"] == float(not wanted)


async def test_a_gateway_that_is_lost_is_reported_until_it_is_back(world: World) -> None:
    async with (
        GatewayWay.before(world.discord.gateway_url) as way,
        world.apart({**SERVED, "BOT_DISCORD__GATEWAY_URL": way.url}) as own,
    ):
        await reached(own)
        way.leave()
        await reached(own, gateway=("transient_disconnect", "discord_unavailable"))
        way.come_back()
        await reached(own)


async def test_a_redis_that_is_away_is_reported_until_it_is_back(world: World) -> None:
    async with (
        RedisProxy.before(world.redis_url) as proxy,
        world.apart(SERVED, redis_url=proxy.url) as own,
    ):
        await reached(own)
        proxy.leave()
        await reached(own, redis=("transient_disconnect", "no_answer"))
        proxy.come_back()
        await reached(own)


async def test_a_redis_that_is_full_or_a_replica_is_reported_until_it_takes_writes(world: World) -> None:
    with redis_server() as url:
        async with world.apart(SERVED, redis_url=url) as own:
            thread = await own.converse(own.channel(), "hello")
            await reached(own)  # a start that is still under way does not go on without Redis
            for harm, mend, reason in (
                (("CONFIG", "SET", "maxmemory", 1), ("CONFIG", "SET", "maxmemory", 0), "memory_full"),
                (("REPLICAOF", "127.0.0.1", 1), ("REPLICAOF", "NO", "ONE"), "read_only"),
            ):
                await order(url, *harm)
                await own.ann.post(thread, "is there room?")
                await reached(own, redis=("transient_disconnect", reason))
                await order(url, *mend)
                await reached(own)


async def test_a_cluster_of_which_one_primary_is_full_is_reported_though_nobody_writes_there(
    world: World,
) -> None:
    with redis_cluster() as cluster:
        async with world.apart(SERVED, redis_url=cluster.url) as own:
            await reached(own)
            for full in cluster.nodes:
                full.redis.config_set("maxmemory", 1)
                await reached(own, redis=("transient_disconnect", "memory_full"))
                full.redis.config_set("maxmemory", 0)
                await reached(own)


async def test_a_redis_whose_password_was_changed_is_reported_until_it_is_the_old_one(world: World) -> None:
    with redis_server() as url:
        async with world.apart(SERVED, redis_url=url) as own:
            await reached(own)
            await order(url, "CONFIG", "SET", "requirepass", "another")
            await order(f"{url}?password=another", "CLIENT", "KILL", "TYPE", "normal")
            await reached(own, redis=("bad_credentials", "password_refused"))
            await order(f"{url}?password=another", "CONFIG", "SET", "requirepass", "")
            await reached(own)


async def test_a_redis_that_hangs_is_reported_though_nobody_writes(world: World) -> None:
    with redis_server() as url:
        async with world.apart(SERVED, redis_url=url) as own:
            await reached(own)
            facts = await order(url, "INFO", "server")
            assert isinstance(facts, dict)
            os.kill(facts["process_id"], signal.SIGSTOP)
            try:
                await reached(own, redis=("transient_disconnect", "no_answer"))
            finally:
                os.kill(facts["process_id"], signal.SIGCONT)
            await reached(own)


async def test_a_claude_that_refuses_the_key_is_reported_until_it_answers(world: World) -> None:
    async with world.apart(SERVED) as own:
        await reached(own)
        own.claude.faults.add(faults.unauthorized())
        await own.ann.post(own.channel(), f"{own.mention} hello")
        await reached(own, claude=("bad_credentials", "key_refused"))
        own.claude.clear()
        await own.converse(own.channel(), "hello again")
        await reached(own)


async def test_a_claude_that_is_overloaded_is_reported_until_it_answers(world: World) -> None:
    async with world.apart(SERVED) as own:
        await reached(own)
        # Late turns of other tests ask the same Claude. The state lasts until a busy test has seen it.
        busy = replace(faults.overloaded(), headers={"retry-after": "2"})
        own.claude.faults.add(*[busy] * 3, when=lambda body: "heddle" in str(body["messages"]))
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} heddle"))
        await reached(own, claude=("transient_disconnect", "overloaded"))
        await own.answered(thread)
        await reached(own)


async def test_a_session_that_discord_ends_is_named_and_a_new_one_begins(world: World) -> None:
    async with world.apart(SERVED) as own:
        await reached(own)
        await own.discord.connections[-1].invalidate()
        await own.bots[-1].logged("gateway_state_changed", reason="session_invalid")
        await reached(own)


async def test_a_rate_limit_at_the_login_is_named_while_it_is_waited_for(world: World) -> None:
    async with world.apart(SERVED, bots=0) as own:
        limit = own.discord.faults.add(
            action="ratelimit",
            route="/users/@me$",
            scope="cloudflare",
            retry_after_s=3600,
            times=None,
            only_token=own.app.token,
        )
        bot = await own.start_bot_unready()
        await bot.logged("discord_rate_limited")
        status, body = await asked(bot, "/readyz")
        assert (status, body["gateway"]["state"], body["gateway"]["reason"]) == (
            503,
            "connecting",
            "rate_limited",
        )
        assert (await asked(bot, "/healthz"))[0] == 200
        assert limit.struck == 1


async def test_a_token_that_is_refused_at_the_start_is_named_before_the_process_ends(world: World) -> None:
    async with world.apart(SERVED, bots=0) as own:
        bot = await own.start_bot_unready(DISCORD_TOKEN="not-a-token")
        assert await bot.ended() == Exit.DISCORD_TOKEN
        (last,) = bot.log("gateway_state_changed")
        assert (last["state"], last["reason"]) == ("bad_credentials", "token_refused")


async def test_a_token_that_is_reset_is_named_before_the_process_ends(world: World) -> None:
    async with world.apart(SERVED) as own:
        await reached(own)
        bot = own.bots[-1]
        await own.discord.connections[-1].close(4004)
        await bot.logged("gateway_state_changed", state="bad_credentials", reason="token_refused")
        assert await bot.ended() == Exit.DISCORD_TOKEN
