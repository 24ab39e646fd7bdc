"""A proxy in the environment counts for everything that leaves this machine, and for nothing that stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Exit
from tests.connect_proxy import ConnectProxy
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World
from tests.forward_proxy import NAME, ForwardProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADDRESSES = ("BOT_DISCORD__API_URL", "BOT_DISCORD__GATEWAY_URL", "ANTHROPIC_BASE_URL")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "all_proxy"])
async def test_rest_gateway_and_claude_all_go_through_the_proxy(alone: World, variable: str) -> None:
    async with ForwardProxy.running() as proxy:
        named = alone.environment()
        beyond = {key: named[key].replace("127.0.0.1", NAME) for key in ADDRESSES}
        await alone.start_bot(**beyond, **{variable: proxy.url})
        await alone.converse(alone.channel(), "hello")
        # Nothing but the proxy knows the name, so the reply alone shows that all three have gone through it; the
        # gateway and the messages may take over connections that begin with another path.
        assert any(path.startswith("api/") for path in proxy.paths)
        assert any(path.startswith("v1/") for path in proxy.paths)


async def test_this_machine_is_reached_without_the_proxy(alone: World) -> None:
    async with ForwardProxy.running() as proxy:
        await alone.start_bot(HTTP_PROXY=proxy.url, HTTPS_PROXY=proxy.url, ALL_PROXY=proxy.url)
        await alone.converse(alone.channel(), "hello")
        assert not proxy.paths


@pytest.mark.parametrize(
    ("variable", "address"), [("ALL_PROXY", "socks5://u:pass-word@host"), ("HTTPS_PROXY", "foo://h")]
)
async def test_a_proxy_that_cannot_be_used_is_one_line(shared: World, variable: str, address: str) -> None:
    bot = await BotProcess.start(shared.environment(**{variable: address}), "--strict")
    assert await bot.ended() == Exit.PROXY
    assert bot.output.count("\n") == 1
    assert variable in bot.output
    assert "pass-word" not in bot.output


CREDENTIALS = "bob:p@ss-word"
ENCODED = "bob:p%40ss-word"


@pytest.mark.parametrize("tls", [False, True], ids=["absolute", "connect"])
async def test_the_proxy_of_the_settings_gets_its_password_and_everything_goes_through_it(
    alone: World, tmp_path: Path, tls: bool
) -> None:
    async with ConnectProxy.running(CREDENTIALS, tmp_path) as proxy:
        named = alone.environment()
        beyond = {key: named[key].replace("127.0.0.1", NAME) for key in ADDRESSES}
        if tls:
            beyond = {
                key: address.replace("http:", "https:").replace("ws:", "wss:")
                for key, address in beyond.items()
            }
        settings = alone.environment(
            **beyond,
            BOT_DISCORD__PROXY=f"http://{ENCODED}@127.0.0.1:{proxy.port}",
            HTTP_PROXY="http://127.0.0.1:9",  # the setting takes its place
            SSL_CERT_FILE=str(tmp_path / "ca.pem"),
        )
        # A new interpreter: which certificates are trusted is read when the libraries are loaded.
        bot = await BotProcess.start(settings, "--strict", fresh=True)
        alone.bots.append(bot)
        await bot.said("discord_ready")
        await alone.converse(alone.channel(), "hello")
        assert proxy.refused == 0
        if tls:
            assert set(proxy.requests) == {"CONNECT"}
        else:
            for path in ("/api/v10/gateway/bot", "/gateway?", "/v1/messages"):
                assert any(path in request for request in proxy.requests), path
        assert "ss-word" not in bot.output


async def test_a_proxy_that_refuses_the_password_is_named_at_the_start(alone: World, tmp_path: Path) -> None:
    async with ConnectProxy.running(CREDENTIALS, tmp_path) as proxy:
        named = alone.environment()
        beyond = {key: named[key].replace("127.0.0.1", NAME) for key in ADDRESSES}
        address = f"http://bob:wrong-word@127.0.0.1:{proxy.port}"
        bot = await BotProcess.start(alone.environment(**beyond, BOT_DISCORD__PROXY=address), "--strict")
        assert await bot.ended() == Exit.DISCORD_UNREACHABLE
        assert proxy.refused
        assert "check the proxy that discord.proxy names" in bot.output
        assert "wrong-word" not in bot.output


async def test_a_proxy_of_the_settings_that_cannot_be_used_is_one_line(shared: World) -> None:
    address = "socks5://u:pass-word@host"
    bot = await BotProcess.start(shared.environment(BOT_DISCORD__PROXY=address), "--strict")
    assert await bot.ended() == Exit.SETTINGS
    assert bot.output.count("\n") == 1
    assert "discord.proxy" in bot.output
    assert "pass-word" not in bot.output
