"""A start that cannot succeed ends with one readable line and a number of its own, never with a traceback."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bot.config import Exit
from bot.local.simulator.claude import Claude
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.world import World
from tests.redis_cluster import cluster_ports
from tests.redis_node import node
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSE_S = 45.0


async def refused(
    environment: dict[str, str], exit_code: Exit, *words: str, strict: bool = True, module: str = "bot"
) -> str:
    """Start a bot that cannot, and return the line it says."""
    bot = await BotProcess.start(environment, *(["--strict"] if strict else []), module=module)
    assert await bot.ended(REFUSE_S) == exit_code, bot.output
    assert "Traceback" not in bot.output
    lines = [line for line in bot.output.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, bot.output
    for word in words:
        assert word in lines[0]
    return lines[0]


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_token_that_discord_refuses(shared: World) -> None:
    environment = shared.environment(DISCORD_TOKEN="not-a-token")
    line = await refused(environment, Exit.DISCORD_TOKEN, "DISCORD_TOKEN", "https://discord.com/developers")
    assert "not-a-token" not in line


async def test_a_token_of_two_lines_is_the_tokens_fault_and_not_the_networks(shared: World) -> None:
    environment = shared.environment(DISCORD_TOKEN="not-a-token\nof-one-line")
    line = await refused(environment, Exit.DISCORD_TOKEN, "DISCORD_TOKEN", "line break")
    assert "not-a-token" not in line


async def test_a_lookup_in_dns_that_hangs_does_not_hold_up_the_line_and_the_end(shared: World) -> None:
    environment = shared.environment(DISCORD_TOKEN="not-a-token")
    await refused(environment, Exit.DISCORD_TOKEN, "DISCORD_TOKEN", module="tests.e2e.held_lookup")


async def test_an_intent_that_is_not_switched_on(shared: World) -> None:
    app = shared.discord.add_application("Blind", token="e2e-blind", intents_enabled=0)
    bot = await BotProcess.start(shared.environment(DISCORD_TOKEN=app.token), "--strict")
    assert await bot.ended(REFUSE_S) == Exit.DISCORD_INTENT
    assert "Message Content Intent" in bot.output.splitlines()[-1]
    assert "Traceback" not in bot.output


async def test_a_discord_that_is_not_there(shared: World) -> None:
    url = f"http://127.0.0.1:{closed_port()}/api/v10"
    environment = shared.environment(BOT_DISCORD__API_URL=url)
    await refused(environment, Exit.DISCORD_UNREACHABLE, url, "BOT_DISCORD__API_URL")


async def test_a_proxy_that_is_not_there_is_named(shared: World) -> None:
    environment = shared.environment(
        BOT_DISCORD__API_URL="http://discord.example/api/v10",
        HTTP_PROXY=f"http://user:pass-word@127.0.0.1:{closed_port()}",
    )
    line = await refused(environment, Exit.DISCORD_UNREACHABLE, "the proxy that HTTP_PROXY names")
    assert "pass-word" not in line


async def test_an_address_where_something_else_than_discord_answers(shared: World) -> None:
    environment = shared.environment(BOT_DISCORD__API_URL=f"{shared.discord.page_url}elsewhere")
    await refused(environment, Exit.DISCORD_UNREACHABLE, "404", "BOT_DISCORD__API_URL")


async def test_a_redis_that_is_not_there(shared: World) -> None:
    environment = shared.environment(REDIS_URL=f"redis://127.0.0.1:{closed_port()}")
    await refused(environment, Exit.REDIS_UNREACHABLE, "REDIS_URL")


async def test_a_cluster_whose_slots_have_no_server(shared: World) -> None:
    with node("--cluster-enabled", "yes", port=cluster_ports(1)[0]) as alone:
        url = f"redis://127.0.0.1:{alone.port}"
        await refused(shared.environment(REDIS_URL=url), Exit.REDIS_UNREACHABLE, "slots have no server")


async def test_a_redis_that_takes_no_writes(shared: World) -> None:
    with redis_server(None, "--replicaof", "127.0.0.1", "1") as url:
        await refused(shared.environment(REDIS_URL=url), Exit.REDIS_UNFIT, "replica")


async def test_an_address_of_redis_that_is_not_understood(shared: World) -> None:
    environment = shared.environment(REDIS_URL="redis://:pass-word@127.0.0.1?protocol=3")
    line = await refused(environment, Exit.SETTINGS, "REDIS_URL", "'protocol'")
    assert "pass-word" not in line


@pytest.mark.parametrize("login", ["", "?password=wrong-one"])
async def test_a_wrong_password_or_none_where_one_is_needed(shared: World, login: str) -> None:
    with redis_server(None, "--requirepass", "right-one") as url:
        line = await refused(shared.environment(REDIS_URL=url + login), Exit.REDIS_PASSWORD, "REDIS_URL")
    assert "wrong-one" not in line


async def test_the_right_password_lets_the_bot_in(shared: World) -> None:
    app = shared.discord.add_application("Allowed", token="e2e-allowed")
    with redis_server(None, "--requirepass", "right-one") as url:
        environment = shared.environment(DISCORD_TOKEN=app.token, REDIS_URL=f"{url}?password=right-one")
        bot = await BotProcess.start(environment, "--strict")
        await bot.said("discord_ready")
        assert await bot.stop() == 0


async def test_a_key_that_claude_refuses(shared: World) -> None:
    claude = Claude(key="the-right-key")
    await claude.start()
    environment = shared.environment(ANTHROPIC_BASE_URL=claude.base_url, ANTHROPIC_API_KEY="a-wrong-key")
    line = await refused(environment, Exit.CLAUDE_KEY, "ANTHROPIC_API_KEY")
    assert "a-wrong-key" not in line
    await claude.stop()


@pytest.mark.parametrize("path", ["elsewhere", "v2/v1"])
async def test_an_address_where_something_else_than_claude_answers(shared: World, path: str) -> None:
    environment = shared.environment(ANTHROPIC_BASE_URL=f"{shared.discord.page_url}{path}")
    await refused(environment, Exit.SETTINGS, "ANTHROPIC_BASE_URL", "/v1/messages")


async def test_a_model_that_claude_does_not_know(shared: World) -> None:
    environment = shared.environment(BOT_CLAUDE__MODEL="claude-sonet-5-5")
    await refused(
        environment, Exit.CLAUDE_MODEL, "claude-sonet-5-5", "claude-sonnet-5-5", "BOT_CLAUDE__MODEL"
    )


async def test_a_setting_that_is_wrong(shared: World) -> None:
    environment = shared.environment(BOT_CLAUDE__EFFORT="huge")
    await refused(environment, Exit.SETTINGS, "BOT_CLAUDE__EFFORT", "'huge'", "'medium'")


async def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    environment = {"BOT_REDIS__DATA_DIR": str(tmp_path / "file" / "data"), "BOT_LOCAL__PORT": "0"}
    await refused(environment, Exit.DATA_DIR_UNUSABLE, "redis.data_dir", strict=False)


async def test_a_port_for_metrics_that_is_taken(shared: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = shared.environment(BOT_TELEMETRY__METRICS_PORT=port)
        await refused(environment, Exit.PORT_BUSY, "metrics_port", port)


async def test_a_taken_port_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bot = await BotProcess.start({"BOT_REDIS__DATA_DIR": str(tmp_path), "BOT_LOCAL__PORT": str(port)})
        assert await bot.ended(START_S) == Exit.PORT_BUSY
    assert bot.output.count("\n") == 1
    assert "BOT_LOCAL__PORT" in bot.output
    assert str(port) in bot.output


async def test_strict_names_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    bot = await BotProcess.start({"BOT_REDIS__DATA_DIR": str(tmp_path / "data")}, "--strict")
    assert await bot.ended(START_S) == Exit.MISSING
    for variable in ("DISCORD_TOKEN", "ANTHROPIC_API_KEY", "REDIS_URL"):
        assert f"{variable} is not set" in bot.output
    assert not (tmp_path / "data").exists()
