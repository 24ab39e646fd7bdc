"""Words that a person leaves everywhere stand only where a contract says so, and reach no log and no metric."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from bot.store.contracts import CONTRACTS, Personal, contract_of
from tests.e2e.forgetting_scene import forget, holding
from tests.e2e.lively import Canary, lively
from tests.e2e.stored import stored
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOUD = {
    "ANTHROPIC_LOG": "debug",
    "PYTHONASYNCIODEBUG": "1",
    "HTTPX_LOG_LEVEL": "trace",
}

KINDS: dict[str, Personal] = {
    "name": "names",
    "message": "words",
    "title": "words",
    "prompt": "words",
    "fact": "words",
    "preset": "words",
    "embed": "words",
    "poll": "words",
    "file": "files",
    "file_name": "files",
}
"""Which kind of personal data each word of a canary is."""


def denied(found: dict[str, str], canary: Canary, person: int) -> list[str]:
    """The keys that no contract covers, or that hold what their contract denies."""
    breaches = []
    for name, value in found.items():
        contract = contract_of(name)
        if contract is None:
            breaches.append(f"{name}: no contract")
            continue
        held = {KINDS[kind] for kinds in holding({name: value}, canary.words).values() for kind in kinds}
        if str(person) in f"{name} {value}":
            held.add("ids")
        breaches += [f"{contract.name}: {kind}" for kind in held - set(contract.personal)]
    return breaches


def free_port() -> int:
    """A port that nobody listens on; a quiet log does not tell which one the bot has chosen."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


async def metrics_at(port: int) -> str:
    """What the bot serves as metrics."""
    url = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
async def test_security_what_a_person_leaves_everywhere_reaches_no_log_and_no_metric(
    world: World, level: str
) -> None:
    port = free_port()
    async with world.apart(bots=0) as own:
        await own.start_bot_unready(
            BOT_TELEMETRY__LOG_LEVEL=level, BOT_TELEMETRY__METRICS_PORT=str(port), **LOUD
        )
        # It lists the threads once it listens; before that, nothing that is written is meant for it.
        await own.until(lambda: own.called("GET", "/threads/active"))
        scene = await lively(own)
        found = await stored(own)
        assert denied(found, scene.canary, scene.person.id) == []
        await forget(own, scene.person, scene.thread)
        assert holding(await stored(own), scene.canary.words) == {}
        seen = {"metrics": await metrics_at(port), "log": own.bots[0].output}
        assert holding(seen, scene.canary.words) == {}


async def test_the_scene_fills_the_keys_that_hold_personal_data(world: World) -> None:
    async with world.apart() as own:
        await lively(own)
        filled = {contract.name for name in await stored(own) if (contract := contract_of(name)) is not None}
    # Legacy keys and ids that stay as metadata, bytes of files without a Files API, and what only forgetting
    # or a running turn makes.
    others = ("kept", "by a sweep", "receipt", "with the turn", "approvals")
    personal = {each.name for each in CONTRACTS if each.personal and each.erased not in others}
    # Only while a turn runs, and only where consent is asked for.
    personal -= {"{P}:places", "{P}:consent", "{P}:consent:asked", "{P}:consent:waits"}
    assert personal <= filled
