"""What an operator can watch: messages, turns, requests, tokens and dollars, counted by the running bot."""

from __future__ import annotations

import asyncio
import re
import urllib.request

import pytest

from bot.local.simulator.claude import faults
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def counted(world: World) -> dict[str, float]:
    """Every sample that the bot serves, by name and labels."""
    served = await world.bots[0].logged("metrics_served")
    url = f"http://127.0.0.1:{served['port']}/metrics"
    text = (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode()
    return {name: float(value) for name, value in re.findall(r"^(bobbin_\S+) (\S+)$", text, re.MULTILINE)}


async def test_what_happens_is_counted_without_a_word_of_what_was_said(world: World) -> None:
    async with world.apart({"BOT_TELEMETRY__METRICS_PORT": "0"}) as own:
        thread = await own.converse(own.channel(), "a secret about tulips")
        await own.settled(thread)
        own.claude.faults.add(faults.bad_request("no"))
        await own.settled(await own.ann.post(thread, "and this?"))
        await own.ann.post(thread, "// a comment")
        await own.settled(await own.ann.post(thread, "go on"))
        found = await counted(own)
        assert found['bobbin_messages_received_total{decision="opens_thread"}'] == 1
        assert found['bobbin_messages_received_total{decision="answer"}'] == 2
        assert found['bobbin_messages_received_total{decision="prefixed"}'] == 1
        assert found['bobbin_turns_total{outcome="answered"}'] == 2
        assert found['bobbin_turns_total{outcome="notice"}'] == 1
        assert found["bobbin_turn_seconds_count"] == 3
        assert found["bobbin_first_text_seconds_count"] == 2
        sonnet = 'bobbin_claude_requests_total{model="claude-sonnet-5-5",outcome='
        assert found[f'{sonnet}"end_turn"}}'] == 2
        assert found[f'{sonnet}"ClaudeRefusedRequest"}}'] == 1
        assert found['bobbin_claude_tokens_total{kind="text"}'] > 0
        assert found['bobbin_claude_cost_usd_total{purpose="reply"}'] > 0
        assert found["bobbin_tail_seconds_count"] == 2
        assert found["bobbin_turns_waiting"] == 0
        assert found["bobbin_event_loop_lag_seconds_count"] > 0
        assert found["bobbin_redis_ping_seconds_count"] > 0
        assert found["bobbin_store_errors_total"] == 0
        assert "tulip" not in str(found)
        assert str(thread) not in str(found)


async def test_metrics_are_served_where_the_settings_say(shared: World) -> None:
    own = shared.discord.add_application("Counting", token="e2e-counting")
    bot = await BotProcess.start(
        shared.environment(DISCORD_TOKEN=own.token, BOT_TELEMETRY__METRICS_PORT="0"), "--strict"
    )
    try:
        await bot.said("discord_ready")
        found = re.search(r'"port": (\d+)', bot.output)
        assert found, bot.output
        url = f"http://127.0.0.1:{found[1]}/metrics"
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())
        assert re.search(r'bobbin_discord_calls_total\{method="GET",status="200"\} [1-9]', text)
        assert "bobbin_discord_connected 1.0" in text
    finally:
        await bot.kill()
