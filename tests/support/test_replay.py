"""What a journal tells of a turn, and what cannot be replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.errors import StartError
from bot.support.replay import replay, scene_of


def entry(*sent: tuple[str, str], **fields: Any) -> dict[str, Any]:
    blocks = [{"role": role, "blocks": [{"type": "text", "text": text}]} for role, text in sent]
    return {"index": 0, "turn": {"sent": blocks, "outcome": "answered", **fields}}


def test_the_messages_of_an_entry_are_those_that_were_rendered_into_it() -> None:
    text = '<message author="abc" id="5">\none\n</message>\n<message author="def">\ntwo\nlines\n</message>'
    scene = scene_of({"entry": [entry(("user", text), ("assistant", "reply"))], "record": {"tries": "3"}})
    assert scene.messages == ("one", "two\nlines")
    assert scene.replies == ("reply",)
    assert scene.broken == 2
    assert scene.ending == "answered"


def test_a_turn_that_did_not_end_is_told_by_its_record() -> None:
    scene = scene_of(
        {"record": {"payload": {"text": "one"}, "state": "claimed"}, "result": None, "entry": []}
    )
    assert (scene.messages, scene.replies, scene.ending) == (("one",), (), "failed")


@pytest.mark.parametrize(
    ("fields", "ending"), [({"outcome": "refused"}, "refused"), ({"open_end": True}, "max_tokens")]
)
def test_the_outcome_is_that_of_the_entry(fields: dict[str, Any], ending: str) -> None:
    assert scene_of({"entry": [entry(("user", "x"), ("assistant", "y"), **fields)]}).ending == ending


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no bundle"),
        ("{}", "is no bundle"),
        (json.dumps({"bobbin_bundle": 1, "journal": None}), "make it with --turn"),
    ],
)
async def test_a_file_without_a_turn_is_refused_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bundle").write_text(content)
    with pytest.raises(StartError, match=said):
        await replay(tmp_path / "bundle")
