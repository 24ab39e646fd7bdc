"""The file with what is kept of a person."""

from __future__ import annotations

import json

import pytest

from bot.store.contracts import contract_of
from tests.e2e.forgetting_scene import my_data
from tests.e2e.lively import lively
from tests.e2e.stored import stored
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_gets_what_is_kept_of_them_as_a_file_that_nobody_else_sees(world: World) -> None:
    async with world.apart() as own:
        scene = await lively(own)
        channel = own.channel()
        said = await scene.person.post(channel, f"{scene.canary.message} for everybody")
        quoting = await own.ben.post(channel, f"{own.mention} what is that?", reply_to=said["id"])
        await own.settled(quoting)
        kept = await my_data(scene)
        texts = json.dumps(kept, ensure_ascii=False)
        canary = scene.canary
        for each in (canary.message, canary.title, canary.file_name, canary.prompt):
            assert each in texts
        assert "my own thread" not in texts
        assert kept["person"]["username"] == canary.name
        ids = [each["id"] for each in kept["messages"]]
        assert len(ids) == len(set(ids)) >= 6
        assert any(canary.message in each["text"] for each in kept["quotes_of_you"])
        assert any(canary.file in each["text"] for each in kept["files_as_read"])
        # Each key that names the person is shown, under the heading of its contract.
        shown = {each["key"] for each in kept["by_ids_and_numbers"]}
        for key, value in (await stored(own)).items():
            contract = contract_of(key)
            assert contract is not None
            if contract.exported == "as stored" and str(scene.person.id) in f"{key} {value}":
                assert key in shown
            elif str(scene.person.id) in f"{key} {value}":
                assert kept[HEADINGS[contract.exported]], key


HEADINGS = {
    "messages": "messages",
    "with its message": "messages",
    "files": "files_as_read",
    "settings": "settings",
    "acts": "acts",
    "usage": "usage",
    "reminders": "reminders",
    "conversations": "conversations_begun",
    "facts": "facts_remembered",
}
