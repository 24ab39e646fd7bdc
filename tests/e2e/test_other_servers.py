"""Six names alone point the bot at other servers, however little or oddly those speak the protocols."""

from __future__ import annotations

import pytest

from tests.e2e.bot_process import BotProcess
from tests.e2e.least import BOT, LeastDiscord, least_claude, old_redis
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

# discord.py waits 5 s before it identifies anew.
IDENTIFY_S = 45.0


async def test_the_least_that_servers_may_know_is_enough_to_chat() -> None:
    discord = LeastDiscord()
    async with discord.listening() as address, least_claude("It weaves.") as claude:
        with redis_server() as url:
            async with old_redis(url.removeprefix("unix://")) as redis:
                bot = await BotProcess.start(
                    {
                        "DISCORD_TOKEN": "any",
                        "BOT_DISCORD__API_URL": f"http://{address}",
                        "BOT_DISCORD__GATEWAY_URL": f"ws://{address}",
                        "ANTHROPIC_API_KEY": "any",
                        "ANTHROPIC_BASE_URL": claude,
                        "REDIS_URL": redis,
                    },
                    "--strict",
                )
                try:
                    await bot.said("discord_ready")
                    await discord.appear()
                    await discord.say(f"<@{BOT}> what does a loom do?")
                    try:
                        await discord.until_shown("It weaves.")
                    except TimeoutError:
                        raise AssertionError(bot.output) from None
                    assert len(discord.threads) == 1
                    assert "Traceback" not in bot.output
                    # Its READY names a gateway that is not there; the bot comes back to the one it was given.
                    bot.output = ""
                    await discord.drop()
                    await bot.said("discord_ready", IDENTIFY_S)
                    assert await bot.stop() == 0
                finally:
                    await bot.kill()


@pytest.mark.parametrize("end", ["/v1", "/v1/", "/v1/messages"])
async def test_the_address_of_claude_may_end_as_other_programs_want_it(shared: World, end: str) -> None:
    shared.begin()
    async with shared.apart({"ANTHROPIC_BASE_URL": f"{shared.claude.base_url}{end}"}) as world:
        thread = await world.converse(world.channel(), "hello")
        assert len(world.replies(thread)) == 1
        assert not world.bots[0].log("model_unchecked")


@pytest.mark.parametrize(
    ("api", "gateway"),
    [
        ("{base}/api/v10/", "{ws}/gateway/"),
        ("{base}/api/", "{ws}/gateway?v=10&encoding=json"),
        ("{base}", "{ws}/gateway"),
    ],
)
async def test_addresses_are_understood_however_they_end(shared: World, api: str, gateway: str) -> None:
    base = shared.discord.page_url.rstrip("/")
    names = {"base": base, "ws": base.replace("http", "ws", 1)}
    app = shared.discord.add_application("Elsewhere", token=f"e2e-{api}")
    bot = await BotProcess.start(
        shared.environment(
            DISCORD_TOKEN=app.token,
            BOT_DISCORD__API_URL=api.format(**names),
            BOT_DISCORD__GATEWAY_URL=gateway.format(**names),
        ),
        "--strict",
    )
    try:
        await bot.said("discord_ready")
        assert await bot.stop() == 0
    finally:
        await bot.kill()


async def test_a_server_without_a_route_to_read_commands_is_chatted_on(shared: World) -> None:
    app = shared.discord.add_application("Plain", token="e2e-plain")
    shared.discord.add_bot(shared.guild, app)
    missing = shared.discord.faults.add(
        action="error", status=404, method="GET", route="/commands$", times=None, only_token="e2e-plain"
    )
    bot = await BotProcess.start(shared.environment(DISCORD_TOKEN=app.token), "--strict")
    try:
        await bot.said("discord_ready")
        await shared.until(lambda: missing.struck)
        assert "Traceback" not in bot.output
    finally:
        await bot.kill()
