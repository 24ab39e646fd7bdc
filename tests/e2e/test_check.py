"""`python -m bot check` against setups that are broken in each way."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from bot.config import Exit
from bot.conversation.audit import AUDIT_CHANNEL
from bot.findings.ids import Id
from bot.local.simulator.claude import Claude
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.world import World
from tests.redis_cluster import redis_cluster
from tests.redis_server import order, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def checked(environment: dict[str, str], code: int, *arguments: str) -> dict[str, Any]:
    """Run the check, and return its findings by id."""
    bot = await BotProcess.start(environment, "--json", *arguments, command="check")
    assert await bot.ended(START_S) == code, bot.output
    report: dict[str, Any] = json.loads(bot.output)
    assert report["may_start"] is (code == 0)
    assert report["exit_code"] == code
    for name in ("DISCORD_TOKEN", "ANTHROPIC_API_KEY"):
        assert environment.get(name, "no such text") not in bot.output
    return report


async def repaired(environment: dict[str, str]) -> dict[str, Any]:
    """Run the check with --fix on a Redis of its own: it changes the server's settings, which others share."""
    with redis_server() as url:
        return await checked({**environment, "REDIS_URL": url}, 0, "--fix")


def found(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The findings by id."""
    return {each["id"]: each for each in report["findings"]}


def application(world: World, name: str, **options: Any) -> Any:
    """An application of its own in the world's server."""
    app = world.discord.add_application(name, token=f"check-{name}", **options)
    world.discord.add_bot(world.guild, app)
    return app


async def test_a_sound_installation_may_start_and_nothing_but_notes_is_found(shared: World) -> None:
    async with shared.apart(bots=0) as own:  # in the server of others, channels are set and forbidden
        sessions, asked = len(own.discord.gateway.handshakes), len(own.claude.requests)
        report = await checked(own.environment(), 0, "--strict")
        assert (len(own.discord.gateway.handshakes), len(own.claude.requests)) == (sessions, asked)
    assert {each["severity"] for each in report["findings"]} <= {"note", "warning"}
    # The server of the tests writes nothing to its disk.
    assert {key for key, each in found(report).items() if each["severity"] == "warning"} == {Id.PERSISTENCE}
    assert "noeviction" in report["facts"]["redis"]
    assert "Files API: yes, tools: yes" in report["facts"]["claude"]
    assert "permissions=" in report["facts"]["invite"]


@pytest.mark.parametrize("arguments", [(), ("--fix",)])
async def test_a_check_migrates_nothing_and_counts_as_no_instance(
    shared: World, arguments: tuple[str, ...]
) -> None:
    with redis_server() as url:
        async with shared.apart(bots=0, redis_url=url) as own:
            await checked(own.environment(), 0, *arguments)
            keys = Keys(own.prefix)
            assert await order(url, "EXISTS", keys.schema) == 0
            assert await order(url, "KEYS", f"{keys.pulse('')}*") == []


async def test_for_people_each_finding_says_what_is_wrong_and_what_to_do(shared: World) -> None:
    bot = await BotProcess.start(shared.environment(DISCORD_TOKEN="wrong"), command="check")
    assert await bot.ended(START_S) == Exit.DISCORD_TOKEN
    assert re.search(
        r"^error    discord\.token\n  Discord refused the token\.\n  → set DISCORD_TOKEN",
        bot.output,
        re.MULTILINE,
    )
    assert bot.output.endswith("1 error, 1 warning. Bobbin may not start (exit code 80).\n")


async def test_everything_that_is_wrong_is_said_at_once(shared: World) -> None:
    environment = shared.environment(
        DISCORD_TOKEN="wrong", BOT_CLAUDE__MODEL="claude-sonet-5-5", REDIS_URL="redis://127.0.0.1:1"
    )
    report = await checked(environment, Exit.REDIS_UNREACHABLE)
    assert {Id.TOKEN, Id.MODEL, Id.REDIS_UNREACHABLE} <= found(report).keys()


async def test_an_intent_that_is_off_is_switched_on_by_fix(shared: World) -> None:
    app = application(shared, "Blind", intents_enabled=0)
    environment = shared.environment(DISCORD_TOKEN=app.token)
    finding = found(await checked(environment, Exit.DISCORD_INTENT))[Id.INTENT]
    assert "Message Content Intent" in finding["mend"]
    assert finding["fixable"]
    report = await repaired(environment)
    assert Id.INTENT not in found(report)
    assert any(line.startswith("fixed      discord.intent") for line in report["fixed"])


async def test_missing_permissions_are_named_for_the_server_and_for_a_configured_channel(
    shared: World,
) -> None:
    async with shared.apart(bots=0) as own:
        app = application(own, "Lacking")
        poor = own.discord.add_guild("Poor", bot=app, everyone=bits.VIEW_CHANNEL | bits.SEND_MESSAGES)
        logs = own.discord.add_channel(own.guild, "logs")
        own.discord.set_overwrite(logs, app.user_id, deny=bits.SEND_MESSAGES)
        key = Keys(own.prefix).scope(own.guild.id, own.guild.id)  # as /audit channel sets it
        await order(own.redis_url, "HSET", key, AUDIT_CHANNEL, str(logs.id))
        report = await checked(own.environment(DISCORD_TOKEN=app.token), 0)
        by_id = found(report)
        assert by_id[Id.SERVER_PERMISSIONS]["server"] == str(poor.id)
        assert "Create Public Threads" in by_id[Id.SERVER_PERMISSIONS]["names"]
        assert "Send Messages" not in by_id[Id.SERVER_PERMISSIONS]["names"]
        assert by_id[Id.CHANNEL_PERMISSIONS]["channel"] == str(logs.id)
        assert by_id[Id.CHANNEL_PERMISSIONS]["names"] == ["Send Messages"]


async def test_an_endpoint_and_a_greedy_install_link_are_mended_by_fix(shared: World) -> None:
    app = application(shared, "Elsewhere")
    app.interactions_endpoint_url = "https://example.org/interactions"
    app.install_params = {"scopes": ["bot"], "permissions": str(bits.ADMINISTRATOR)}
    environment = shared.environment(DISCORD_TOKEN=app.token)
    by_id = found(await checked(environment, 0))
    assert by_id[Id.ENDPOINT]["severity"] == "warning"
    assert "Administrator" in by_id[Id.INSTALL_LINK]["names"]
    report = await repaired(environment)
    assert not {Id.ENDPOINT, Id.INSTALL_LINK} & found(report).keys()


async def test_commands_that_are_not_registered_are_registered_by_fix(shared: World) -> None:
    async with shared.apart(bots=0) as own:
        finding = found(await checked(own.environment(), 0))[Id.COMMANDS]
        assert "are missing" in finding["problem"]
        assert own.app.commands == {}
        assert Id.COMMANDS not in found(await repaired(own.environment()))
        assert "chat" in {each["name"] for each in own.app.commands.values()}


async def test_commands_that_discord_refuses_are_not_reported_as_fixed(shared: World) -> None:
    async with shared.apart(bots=0) as own:
        own.discord.faults.add(
            action="status",
            status=403,
            method="PUT",
            route="/commands$",
            times=None,
            only_token=own.app.token,
        )
        report = await repaired(own.environment())
        own.discord.faults.clear()
        assert Id.COMMANDS in found(report)
        assert [line for line in report["fixed"] if Id.COMMANDS in line] == [
            "not fixed  discord.commands: could not register the commands (Forbidden)"
        ]


async def test_a_bot_without_a_server_is_given_the_link(shared: World) -> None:
    app = shared.discord.add_application("Lonely", token="check-lonely")
    finding = found(await checked(shared.environment(DISCORD_TOKEN=app.token), 0))[Id.NO_SERVERS]
    assert f"client_id={app.id}" in finding["mend"]


async def test_a_redis_that_evicts_is_an_error_which_fix_mends(shared: World) -> None:
    with redis_server(None, "--maxmemory-policy", "allkeys-lru") as url:
        environment = shared.environment(REDIS_URL=url)
        finding = found(await checked(environment, Exit.REDIS_UNFIT))[Id.EVICTION]
        assert "allkeys-lru" in finding["problem"]
        assert finding["names"] == ["maxmemory-policy"]
        report = await checked(environment, 0, "--fix")
        assert not {Id.EVICTION, Id.PERSISTENCE} & found(report).keys()
        assert await order(url, "CONFIG", "GET", "maxmemory-policy") == {b"maxmemory-policy": b"noeviction"}


async def test_a_redis_whose_memory_is_nearly_full_is_a_warning(shared: World) -> None:
    with redis_server() as url:
        await order(url, "SETRANGE", "much", 30_000_000, "x")
        memory = await order(url, "INFO", "memory")
        assert isinstance(memory, dict)
        await order(url, "CONFIG", "SET", "maxmemory", round(memory["used_memory"] * 1.1))
        assert Id.REDIS_MEMORY in found(await checked(shared.environment(REDIS_URL=url), 0))


@pytest.mark.parametrize(
    ("options", "code", "id_"),
    [
        (("--cluster-enabled", "yes"), Exit.REDIS_UNREACHABLE, Id.REDIS_UNREACHABLE),  # it has no slots
        (("--replicaof", "127.0.0.1", "1"), Exit.REDIS_UNFIT, Id.REDIS_UNFIT),
        (
            (
                "--replicaof",
                "127.0.0.1",
                "1",
                "--replica-read-only",
                "no",
                "--replica-serve-stale-data",
                "yes",
            ),
            Exit.REDIS_UNFIT,
            Id.REDIS_ROLE,
        ),
        (("--requirepass", "right-one"), Exit.REDIS_PASSWORD, Id.REDIS_LOGIN),
    ],
)
async def test_a_redis_of_the_wrong_kind(
    shared: World, options: tuple[str, ...], code: Exit, id_: Id
) -> None:
    with redis_server(None, *options) as url:
        assert id_ in found(await checked(shared.environment(REDIS_URL=url), code))


async def test_a_cluster_may_be_started_on(shared: World) -> None:
    with redis_cluster() as cluster:
        report = await checked(shared.environment(REDIS_URL=cluster.url), 0)
        assert {Id.PERSISTENCE} == {
            key
            for key, each in found(report).items()
            if key.startswith("redis.") and each["severity"] != "note"
        }


async def test_a_user_of_redis_who_may_not_ask_is_told_what_was_not_checked(shared: World) -> None:
    with redis_server() as url:
        await order(url, "ACL", "SETUSER", "bot", "on", ">word", "~*", "&*", "+@all", "-@dangerous")
        address = f"{url}?username=bot&password=word"
        report = await checked(shared.environment(REDIS_URL=address), 0)
        assert Id.REDIS_INFO in found(report)


async def test_a_key_that_claude_refuses(shared: World) -> None:
    claude = Claude(key="the-right-key")
    await claude.start()
    environment = shared.environment(ANTHROPIC_BASE_URL=claude.base_url, ANTHROPIC_API_KEY="a-wrong-key")
    finding = found(await checked(environment, Exit.CLAUDE_KEY))[Id.CLAUDE_KEY]
    assert "claude.api_key" in finding["names"]
    await claude.stop()


async def test_limits_that_the_model_does_not_have_and_settings_that_contradict_each_other(
    shared: World,
) -> None:
    environment = shared.environment(
        BOT_CLAUDE__MODEL="claude-haiku-4-5",
        BOT_CLAUDE__MAX_TOKENS="128000",
        BOT_TOOLS__ON="time_inn",
        BOT_VOICE__API_KEY="voice-secret",
    )
    report = await checked(environment, 0)
    problems = " ".join(each["problem"] for each in report["findings"])
    assert "claude.max_tokens (128000) is more than" in problems
    assert "voice.api_key has no effect" in problems
    assert "tools.on names time_inn" in problems


async def test_commands_that_discord_does_not_tell_are_a_note_and_hide_no_other_finding(
    shared: World,
) -> None:
    async with shared.apart(bots=0) as own:
        own.discord.faults.add(
            action="status",
            status=503,
            method="GET",
            route="/commands$",
            times=None,
            only_token=own.app.token,
        )
        report = await checked(own.environment(BOT_TOOLS__ON="time_inn"), 0)
        own.discord.faults.clear()
        assert "DiscordServerError" in found(report)[Id.COMMANDS_UNCHECKED]["problem"]
        assert "tools.on names time_inn" in " ".join(each["problem"] for each in report["findings"])


async def test_a_gateway_that_is_not_there(shared: World) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{probe.getsockname()[1]}/"
        environment = shared.environment(BOT_DISCORD__GATEWAY_URL=url)
        assert Id.GATEWAY in found(await checked(environment, Exit.DISCORD_UNREACHABLE))


async def test_a_proxy_that_cannot_be_used_is_the_only_thing_that_is_asked(shared: World) -> None:
    async with shared.apart(bots=0) as own:
        environment = own.environment(HTTPS_PROXY="socks5://127.0.0.1:1")
        assert Id.PROXY in found(await checked(environment, Exit.PROXY))
        assert own.app.token not in {call.token for call in own.discord.requests}


async def test_a_setting_that_is_wrong_is_the_only_finding(shared: World) -> None:
    report = await checked(shared.environment(BOT_CLAUDE__EFFORT="huge"), Exit.SETTINGS)
    (finding,) = report["findings"]
    assert finding["id"] == Id.SETTINGS
    assert finding["names"] == ["claude.effort"]


async def test_with_nothing_configured_stand_ins_are_notes_and_errors_with_strict(tmp_path: Path) -> None:
    environment = {"BOT_REDIS__DATA_DIR": str(tmp_path / "data")}
    report = await checked(environment, 0)
    assert [each["id"] for each in report["findings"]].count(Id.STAND_IN) == 3
    assert not (tmp_path / "data").exists()
    report = await checked(environment, Exit.MISSING, "--strict")
    assert [each["id"] for each in report["findings"]].count(Id.MISSING) == 4


async def test_a_data_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    report = await checked({"BOT_REDIS__DATA_DIR": str(tmp_path / "file" / "data")}, Exit.DATA_DIR_UNUSABLE)
    assert "is a file" in found(report)[Id.DATA_DIR]["problem"]
