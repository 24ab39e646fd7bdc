"""The bot's own messages, taken from Discord's data without discord.py."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.wording import LOUD_ONCE
from bot.gateway.conversion.own_messages import is_own_message, parse_own_message
from bot.render.controls import NONE, Button, Controls
from bot.render.outbox import Seen
from bot.render.upload import Attached

ME = "42"


@pytest.mark.parametrize(
    ("data", "own"),
    [
        ({"author": {"id": "42"}}, True),
        ({"author": {"id": 42}, "type": 19}, True),  # a reply
        ({"author": {"id": "43"}}, False),
        ({"author": {"id": "42"}, "type": 7}, False),  # "joined the server"
        ({"author": None}, False),
        ({}, False),
    ],
)
def test_the_bots_own_messages_are_those_that_it_wrote(data: dict[str, Any], own: bool) -> None:
    assert is_own_message(ME, data) is own


def test_a_whole_message_is_parsed() -> None:
    row = {"components": [{"custom_id": "bobbin:stop:7"}, {"custom_id": "bobbin:regenerate:7"}]}
    data = {
        "id": "9",
        "content": "hello",
        "message_reference": {"message_id": "8"},
        "flags": 1 << 12,
        "attachments": [{"id": "5", "filename": "a.txt", "size": 3}],
        "components": [row],
    }
    assert parse_own_message(data) == Seen(
        9,
        "hello",
        8,
        silent=True,
        files=(Attached(5, "a.txt", 3),),
        controls=Controls(7, (Button.STOP, Button.REGENERATE)),
    )


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"content": None, "message_reference": None, "flags": None, "attachments": None, "components": None},
        {"message_reference": "8", "flags": "many", "attachments": {"id": 5}, "components": 7},
        {
            "message_reference": {"message_id": "-8"},
            "attachments": ["a.txt"],
            "components": [None, {"components": [3]}],
        },
        {"message_reference": {"message_id": "9" * 30}, "components": [{"components": [{"custom_id": "x"}]}]},
        {"message_reference": {"message_id": "٣"}},
    ],
    ids=str,
)
def test_a_message_with_odd_parts_is_found_without_them(odd: dict[str, Any]) -> None:
    assert parse_own_message({"id": "9", **odd}) == Seen(9, "", None, silent=False)


def test_an_odd_attachment_does_not_hide_the_others() -> None:
    data = {"id": 9, "attachments": [{}, {"id": "5", "filename": "a.txt", "size": "3"}]}
    assert parse_own_message(data).files == (Attached(0, "", 0), Attached(5, "a.txt", 3))


def test_a_notice_that_an_older_version_posted_aloud_counts_as_silent() -> None:
    seen = parse_own_message({"id": "9", "content": LOUD_ONCE[0]})
    assert (seen.silent, seen.controls) == (True, NONE)


def test_a_reminder_notifies_and_is_no_reply_though_a_reply_may_look_like_one() -> None:
    reminder = {"id": "9", "content": "⏰ <@7> stir", "mentions": [{"id": "7"}]}
    assert parse_own_message(reminder).silent
    assert not parse_own_message({**reminder, "mentions": []}).silent
    assert not parse_own_message({**reminder, "content": "<@7> stir"}).silent
