"""What the messages of a replayed turn quote: filler of the same shape, in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.forgetting_scene import holding
from tests.e2e.lively import word
from tests.e2e.test_bundle import read
from tests.e2e.test_replayed_turns import bundled, played
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_was_said_before_a_mention_and_what_it_replies_to_and_links_to_is_quoted_again(
    world: World, tmp_path: Path
) -> None:
    words = {kind: word(kind) for kind in ("thread", "said", "linked", "answered", "name")}
    async with world.apart() as own:
        channel, person = own.channel(), own.person(words["name"])
        linked = await person.post(channel, f"It is {words['linked']}.")
        thread = int((await own.ben.create_thread(channel, words["thread"]))["id"])
        await person.post(thread, f"I say {words['said']},\nand **more** of {words['said']}.")
        await person.post(thread, "And that.")
        answered = await own.ben.post(thread, words["answered"])
        url = f"https://discord.com/channels/{own.guild.id}/{channel}/{linked['id']}"
        said = await own.ann.post(thread, f"{own.mention} is {url} right?", reply_to=answered["id"])
        await own.settled(said)
        request = str(own.asked[-1].body)
        assert all(each in request for each in words.values())
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        (quotes,) = journal["quotes"]
        assert [(each["of"], len(each["said"])) for each in quotes] == [
            ("room", 2),
            ("reply", 1),
            ("link", 1),
        ]
        assert holding({"bundle": read(tmp_path / "bundle")[0]}, words) == {}
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "messages in quotes: 2, 1, 1, as the journal says" in shown
    assert "(1 requests to Claude)" in shown


async def test_a_forward_without_a_word_of_its_own_is_quoted_again_also_after_a_crash(
    world: World, tmp_path: Path
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        told = await own.ben.post(own.channel(), "This was said elsewhere.")
        gate = own.claude.hold(after=1)
        own.claude.say(["A sentence that is shown. ", "And another."])
        said = await own.ann.forward(thread, told["channel_id"], told["id"])
        await gate.reached()
        await own.until(lambda: "A sentence" in str(own.replies(thread)[-1]["content"]))
        await own.bots[0].kill()
        gate.release()
        own.claude.say("A sentence that is shown. And another.")
        await own.start_bot()
        await own.settled(said)
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        ((quote,),) = journal["quotes"]
        assert quote["of"] == "forward"
        assert len(quote["said"][0]["text"]) == len("This was said elsewhere.")
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "messages in quotes: 1, as the journal says" in shown
