"""Turns of every kind, bundled and played again: what the replay shows has the shape that the journal tells."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from bot.local.simulator.claude import Gate, Reply, ToolUse, faults
from bot.store.keys import Keys
from tests.e2e.bot_process import START_S
from tests.e2e.bounds_scene import PERMIT
from tests.e2e.controls import press, streaming
from tests.e2e.forgetting_scene import holding
from tests.e2e.lively import word
from tests.e2e.mcp_scene import offering, switch, wiki
from tests.e2e.stored import redis_of
from tests.e2e.test_backup import ran
from tests.e2e.test_bundle import read
from tests.e2e.test_tools import card_of
from tests.e2e.tools_scene import RING, Scene, scene
from tests.e2e.world import LOOK_S, World
from tests.files import samples
from tests.patience import Patience
from tests.tools.mcp_process import free_port, mcp_process

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["scene"]

ROWS = "\n".join(f"| row {number} | {'value ' * (number % 5)} | {number * 7} |" for number in range(1, 70))
LINES = "\n".join(f"    log.append('step {number:02d} of the tour')" for number in range(1, 70))
HARD = (
    f"# A table, and code\n\n| name | value | number |\n|---|:-:|--:|\n{ROWS}\n\n"
    f"Then **bold with `code`**, a [link](https://example.org/a_b?c=d), 👩‍👩‍👧‍👦 and 🇩🇪:\n\n"
    f"```python\ndef tour(log):\n{LINES}\n```\n\n1. one\n   - two\n\n> שלום and\u200b zero width\n\nThe end."
)


async def bundled(world: World, turn: object, path: Path) -> dict[str, Any]:
    """The journal of a turn, as a bundle has it."""
    await ran(world, 0, "bundle", path, "--turn", str(turn))
    journal: dict[str, Any] = read(path)[1]["journal"]
    return journal


async def played(world: World, path: Path) -> str:
    """What a replay prints."""
    return await ran(world, 0, "replay", path)


async def noted(world: World, thread: int, turn: int) -> None:
    """Wait until the journal has noted the first message of the reply."""
    patience = Patience(START_S, lambda: [bot.pid for bot in world.bots])
    async with redis_of(world) as redis:
        while not await redis.hexists(Keys(world.prefix).record(thread, turn), "reply:0"):
            assert not patience.is_over
            await asyncio.sleep(LOOK_S)


def pieces(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


async def test_a_reply_of_tables_and_code_over_several_messages_is_split_as_it_was(
    world: World, tmp_path: Path
) -> None:
    async with world.apart({"BOT_REPLY__CODE_FILE_LINES": "0"}) as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.say(pieces(HARD, 30), pause=0.01)
        said = await own.ann.post(thread, "a table, please")
        await own.settled(said)
        lengths = [len(each["content"]) for each in own.replies(thread)[1:]]
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        (attempt,) = journal["timeline"]
        assert attempt["shown"] == lengths
        assert len(lengths) >= 3
        (request,) = attempt["requests"]
        assert sum(request["deltas"][1::2]) == len(HARD)
        assert len(request["deltas"]) > 4
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    for number, length in enumerate(lengths, 1):
        assert f"message {number} of the reply: {length} characters, as the journal says" in shown
    assert "tour" not in shown


async def test_a_call_that_waited_for_a_permission_is_allowed_again(scene: Scene, tmp_path: Path) -> None:
    world = scene.world
    await scene.start()
    world.claude.say(Reply.of("I look first.", ToolUse("time_in", {"zone": "Asia/Tokyo"}), PERMIT))
    world.claude.say("It waits for you.")
    thread, question = await scene.asked()
    await world.settled(thread)
    await press(world.ann, thread, card_of(world, thread), "Allow once")
    await world.until(lambda: scene.made() == ["permit"])
    await scene.shows(thread, "The gate is open.")
    journal = await bundled(world, question["id"], tmp_path / "bundle")
    (attempt,) = journal["timeline"]
    assert [(each["tool"], each["outcome"]) for each in attempt["calls"]] == [
        ("time_in", "done"),
        ("tool_1", "waiting"),
    ]
    assert [(each["tool"], each["state"]) for each in journal["calls"]] == [("tool_1", "done")]
    assert "permit" not in json.dumps(journal)
    shown = await played(world, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "calls of tools: done, waiting, as the journal says" in shown
    assert "ends of the last attempt's requests: tool_use, end_turn, as the journal says" in shown
    assert "result that stands for another one" in shown  # on the card, after the press


async def test_a_turn_that_crashed_crashes_again_and_goes_on(world: World, tmp_path: Path) -> None:
    text = "One sentence that is said before the crash. And another one that follows after it."
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        gate = own.claude.hold(after=1)
        own.claude.say([text[:43], text[43:]])
        said = await own.ann.post(thread, "say it")
        await gate.reached()
        await own.until(lambda: text[:40] in str(own.replies(thread)[-1]["content"]))
        await noted(own, thread, int(said["id"]))
        await own.bots[0].kill()
        gate.release()
        own.claude.say(pieces(text, 20))
        await own.start_bot()
        await own.settled(said)
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        first, second = journal["timeline"]
        assert (first["number"], second["number"]) == (1, 2)
        assert first["requests"][0]["end"] == ""
        assert second["found"][0] >= 40
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "attempts: 2, as the journal says" in shown
    assert "(2 requests to Claude)" in shown
    assert re.search(r"^Bobbin: \w{3} \w{8} \w{4} \w\w \w{4}", shown, re.MULTILINE)


async def test_tools_that_ran_before_a_crash_run_once_more_and_their_results_are_taken_up(
    scene: Scene, tmp_path: Path
) -> None:
    world = scene.world
    bot = await scene.start()
    gate = Gate(None, None)
    world.claude.say(Reply.of("I ring the bell.", RING))
    world.claude.say(Reply.of(gate, "Never shown."))
    thread, question = await scene.asked()
    await gate.reached()
    await scene.shows(thread, "I ring the bell.")
    bot.signal(signal.SIGKILL)
    gate.release()
    world.claude.say("I have rung it.")
    await scene.start()
    await world.settled(thread)
    journal = await bundled(world, question["id"], tmp_path / "bundle")
    attempt = journal["timeline"][-1]
    assert [each["purpose"] for each in attempt["requests"]] == ["resumed", "reply"]
    shown = await played(world, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "attempts: 2, as the journal says" in shown
    assert "calls of tools: done, as the journal says" in shown
    assert "(3 requests to Claude)" in shown


async def test_a_try_that_failed_and_a_stream_that_broke_off_fail_and_break_off_again(
    world: World, tmp_path: Path
) -> None:
    text = "A sentence that comes whole. And another one that breaks off in its middle."
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.faults.add(faults.overloaded(), faults.dropped(3))
        own.claude.say(pieces(text, 16))
        said = await own.ann.post(thread, "say it")
        await own.settled(said)
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        (request,) = journal["timeline"][0]["requests"]
        assert (request["failed"], request["end"]) == (["ClaudeBusy"], "ClaudeUnreachable")
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "ends of the last attempt's requests: ClaudeUnreachable, as the journal says" in shown
    assert "(2 requests to Claude)" in shown


async def test_a_reply_that_a_person_stopped_is_stopped_again(world: World, tmp_path: Path) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        gate, said = await streaming(own, thread, ["A sentence to stop. ", "Never shown."], "say it")
        await press(own.ann, thread, own.replies(thread)[-1], "Stop")
        await own.settled(said)
        gate.release()
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        assert journal["timeline"][0]["requests"][0]["end"] == "interrupted"
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "ends of the last attempt's requests: interrupted, as the journal says" in shown


async def test_a_picture_and_a_pdf_are_read_again(world: World, tmp_path: Path) -> None:
    name = word("filename")
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.say("A picture and a paper.")
        files = [
            (f"{name}.png", "image/png", samples.picture("PNG")),
            (f"{name}.pdf", "application/pdf", samples.pdf()),
        ]
        said = await own.ann.post(thread, "look", attachments=files)
        await own.settled(said)
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        assert [[each["kind"] for each in files] for files in journal["files"]] == [["image", "pdf"]]
        assert name not in read(tmp_path / "bundle")[0]
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "could not read" not in shown


async def test_security_no_word_of_tools_is_in_the_bundle_of_a_turn_that_runs_or_has_ended(
    alone: World, tmp_path: Path
) -> None:
    words = {kind: word(kind) for kind in ("input", "key", "result", "thinking", "title", "server", "about")}
    port = free_port()
    async with mcp_process(
        port, RESULT=f"{words['result']} is known", DESCRIPTION=f"Search {words['about']}."
    ):
        await alone.start_bot(**offering(wiki(port)))
        await switch(alone, port, "wiki_search", "on")
        gate = Gate(None, None)
        asked = {"query": words["input"], words["key"]: words["input"]}
        opening = f"<thread_title>{words['title']}</thread_title>\n"
        alone.claude.say(Reply.of(f"{opening}I look for {words['thinking']}.", ToolUse("wiki_search", asked)))
        alone.claude.say(Reply.of(gate, "That is all."))
        message = await alone.ann.post(alone.channel(), f"{alone.mention} look")
        thread = await alone.thread_of(message)
        await gate.reached()
        running = await bundled(alone, message["id"], tmp_path / "running")
        gate.release()
        await alone.settled(thread)
        ended = await bundled(alone, message["id"], tmp_path / "ended")
    found = {name: read(tmp_path / name)[0] for name in ("running", "ended")}
    assert holding(found, {**words, "tool": "wiki_search"}) == {}
    assert [each["message"]["role"] for each in running["steps"]] == ["assistant", "user"]
    assert ended["steps"] == []
    assert [each["tool"] for each in ended["timeline"][-1]["calls"]] == ["tool_1"]
    assert running["steps"][0]["message"]["blocks"][-1]["name"] == "tool_1"
