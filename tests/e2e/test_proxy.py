"""A proxy in the environment counts for everything that leaves this machine, and for nothing that stays."""

from __future__ import annotations

import pytest

from bot.config import Exit
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
