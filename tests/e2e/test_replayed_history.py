"""The conversation before a replayed turn: it is remembered as filler, trimmed and cached as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.local.simulator.claude import Reply
from tests.e2e.budgets import max_tokens
from tests.e2e.forgetting_scene import holding
from tests.e2e.history_scene import begin, long_text, say
from tests.e2e.lively import word
from tests.e2e.test_bundle import read
from tests.e2e.test_replayed_turns import bundled, played
from tests.e2e.test_trimming import UNTITLED, asks_for_a_summary
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL = {**UNTITLED, "BOT_HISTORY__MAX_TOKENS": max_tokens(3300), "BOT_HISTORY__KEEP_RATIO": "0.75"}
SUMMED_UP = {**SMALL, "BOT_HISTORY__ON_TRIM": "summarize"}


def shapes(entry: dict[str, Any]) -> tuple[int, bool, int]:
    """How many earlier turns a turn was sent with, whether a summary, and the index of the first one."""
    made = entry["turn"]["made_with"]
    return made["turns"], made["summary"], entry["turn"]["window_start"]


async def test_earlier_turns_are_trimmed_and_cached_as_they_were(world: World, tmp_path: Path) -> None:
    async with world.apart(SMALL) as own:
        thread = await begin(own, long_text(0))
        turns = []
        for number in range(1, 5):
            own.claude.say(f"Noted {number}.")
            said = await own.ann.post(thread, long_text(number))
            await own.settled(said)
            turns.append(said["id"])
        for turn, expected in zip(turns[1:], [(2, False, 0), (1, False, 2), (2, False, 2)], strict=True):
            journal = await bundled(own, turn, tmp_path / "bundle")
            (entry,) = journal["entry"]
            assert shapes(entry) == expected
            count, _, start = expected
            first = journal["earlier"][0]["index"]
            assert [each["index"] for each in journal["earlier"]] == list(range(first, entry["index"]))
            assert first == min(start, journal["earlier"][-1]["turn"]["window_start"])
            shown = await played(own, tmp_path / "bundle")
            assert "DIFFERS" not in shown
            assert (
                f"earlier turns in the request: {count} turns, from {start} on, as the journal says" in shown
            )
            assert "cached for: 5 minutes, as the journal says" in shown
            assert "Not played" not in shown
            assert "(1 requests to Claude)" in shown


async def test_a_summary_is_written_again_and_stands_before_the_next_turn(
    world: World, tmp_path: Path
) -> None:
    async with world.apart(SUMMED_UP) as own:
        own.claude.say_when(asks_for_a_summary, "They talked of looms and of a friend.")
        thread = await begin(own, long_text(0))
        for number in range(1, 3):
            await say(own, thread, long_text(number))
        own.claude.say("Noted.")
        trimming = await own.ann.post(thread, long_text(3))
        await own.settled(trimming)
        own.claude.say("Noted.")
        after = await own.ann.post(thread, "and then?")
        await own.settled(after)
        for turn, requests, turns in ((trimming, 2, 1), (after, 1, 2)):
            journal = await bundled(own, turn["id"], tmp_path / "bundle")
            assert shapes(journal["entry"][0]) == (turns, True, 2)
            shown = await played(own, tmp_path / "bundle")
            assert "DIFFERS" not in shown
            assert f"{turns} turns and a summary, from 2 on, as the journal says" in shown
            assert f"({requests} requests to Claude)" in shown
            assert "looms" not in (tmp_path / "bundle").read_text("utf-8")


async def test_security_no_word_of_earlier_turns_is_in_a_bundle(world: World, tmp_path: Path) -> None:
    words = {kind: word(kind) for kind in ("message", "reply", "file", "name", "prompt")}
    async with world.apart({"BOT_CLAUDE__SYSTEM": words["prompt"]}) as own:
        person = own.person(words["name"])
        thread = await own.converse(own.channel(), words["message"], person)
        own.claude.say(Reply.of(f"I know {words['reply']}."))
        picture = (f"{words['file']}.png", "image/png", samples.picture("PNG"))
        await own.settled(await person.post(thread, words["message"], attachments=[picture]))
        said = await person.post(thread, "and now?")
        await own.settled(said)
        journal = await bundled(own, said["id"], tmp_path / "bundle")
        assert len(journal["earlier"]) == 2
        assert holding({"bundle": read(tmp_path / "bundle")[0]}, words) == {}
        shown = await played(own, tmp_path / "bundle")
    assert "DIFFERS" not in shown
    assert "Not played: the files of earlier turns: a text stands in their place" in shown
