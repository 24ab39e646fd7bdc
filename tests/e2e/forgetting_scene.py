"""People who are forgotten."""

from __future__ import annotations

import json
import re
from typing import Any

import aiohttp

from bot.commands.forget import QUESTION
from tests.e2e.controls import answer, press
from tests.e2e.lively import Lively
from tests.e2e.world import World


async def forget(world: World, person: Any, place: int) -> str:
    """Have a person forgotten, and return the receipt."""
    handle = await person.command(place, "forget me")
    await handle.response()
    question = await handle.message()
    assert question["content"].endswith(QUESTION)
    assert question["ephemeral"]
    await press(person, place, question, "Forget me")
    await world.until(lambda: "Receipt" in world.discord.message(int(question["id"]))["content"])
    return str(world.discord.message(int(question["id"]))["content"])


def code_of(receipt: str) -> str:
    """The code of a receipt."""
    found = re.search(r"Receipt `(\w+)`", receipt)
    assert found is not None, receipt
    return found[1]


def holding(found: dict[str, str], words: dict[str, str]) -> dict[str, list[str]]:
    """The keys that hold some of the words, each with the kinds of the words."""
    return {
        key: kinds
        for key, value in found.items()
        if (kinds := [kind for kind, each in words.items() if each.lower() in f"{key} {value}".lower()])
    }


async def my_data(scene: Lively) -> Any:
    """The file of `/my data`."""
    handle = await scene.person.command(scene.thread, "my data")
    await handle.response()
    message = await handle.message()
    assert message["ephemeral"]
    (file,) = message["attachments"]
    async with aiohttp.ClientSession() as session, session.get(file["url"]) as response:
        return json.loads(await response.read())


async def verify(person: Any, place: int, code: str) -> str:
    """The answer of `/forget verify`."""
    return await answer(await person.command(place, "forget verify", {"code": code}))
