"""The journal of a turn: numbers of the bot's own stay, and those that people wrote do not."""

from __future__ import annotations

import json
from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.consulted import Consulted
from bot.conversation.turn import Preface
from bot.store.codec import dump_turn
from bot.store.keys import Keys
from bot.support.earlier_turns import earlier_turns
from bot.support.turn_journal import journal_of
from tests.conversation.builders import turn

KEYS = Keys("test")
CONVERSATION, TURN, REPLY = (1576743522734702595 + number for number in range(3))
PHONE = "0170 1234567"
NOW_MS = 2_000_000_000_000
CONSULTED = (Consulted("secret_tool", sources=("https://wiki.example/salaries",)),)
NUMBERS = (PHONE, "4711", "8150", "90210", "31337")


async def test_security_a_text_of_digits_alone_becomes_other_digits(redis: Redis) -> None:
    payload = {
        "id": TURN,
        "text": PHONE,
        "author": {"id": 5, "username": "90210", "name": "4711"},
        "kind": "default",
    }
    await redis.hset(
        KEYS.record(CONVERSATION, TURN),
        mapping={
            "state": "done",
            "members": str(TURN),
            "reply:0": str(REPLY),
            "tries": "12",
            "payload": json.dumps(payload),
        },
    )
    await redis.hset(
        KEYS.meta(CONVERSATION), mapping={"server_name": "8150", "channel_name": "4711", "cost": "42"}
    )
    await redis.set(KEYS.result(CONVERSATION, TURN), json.dumps({"reply": "31337"}))
    journal = await journal_of(redis, KEYS, TURN)
    assert journal is not None
    text = json.dumps(journal)
    assert [each for each in NUMBERS if each in text] == []
    assert len(journal["messages"][0]["text"]) == len(PHONE)
    assert journal["messages"][0]["kind"] == "default"


async def test_numbers_of_the_bot_stay_and_ids_become_the_same_other_ids(redis: Redis) -> None:
    await redis.hset(
        KEYS.record(CONVERSATION, TURN),
        mapping={"members": str(TURN), f"lost:{TURN}": "3", "reply:0": str(REPLY), "tries": "12"},
    )
    journal = await journal_of(redis, KEYS, TURN)
    assert journal is not None
    own = journal["turn"]
    assert journal["record"]["members"] == str(own)
    assert journal["record"]["tries"] == "12"
    assert int(journal["record"]["reply:0"]) > own
    assert journal["record"][f"lost:{own}"] == "3"


async def test_security_the_turns_before_are_held_as_filler_with_their_numbers(redis: Redis) -> None:
    said = "My salary is a secret"
    made = [
        replace(turn(number, user=said, reply=said, window_start=start), prefix_key=key, consulted=CONSULTED)
        for number, start, key in (
            (0, 0, "first_key"),
            (1, 1, "second_key"),
            (2, 1, "second_key"),
            (3, 1, "second_key"),
        )
    ]
    made[1] = replace(made[1], preface=Preface(said, (made[0],)))
    await redis.rpush(KEYS.history(CONVERSATION), *map(dump_turn, made))
    await redis.hset(KEYS.record(CONVERSATION, made[3].id), mapping={"members": str(made[3].id)})
    journal = await journal_of(redis, KEYS, made[3].id)
    assert journal is not None
    assert [each["index"] for each in journal["earlier"]] == [1, 2]
    first, second = (each["turn"] for each in journal["earlier"])
    (own,) = (each["turn"] for each in journal["entry"])
    assert first["prefix_key"] == second["prefix_key"] == own["prefix_key"]
    assert first["preface"]["pinned"][0]["prefix_key"] not in (first["prefix_key"], "first_key")
    assert first["id"] < second["id"] < own["id"]
    assert (first["user_tokens"], first["window_start"], first["outcome"]) == (10, 1, "answered")
    assert len(first["preface"]["summary"]) == len(said)
    text = json.dumps(journal)
    assert [
        each for each in ("salary", "first_key", "second_key", "wiki", "secret_tool") if each in text
    ] == []
    assert earlier_turns(journal, NOW_MS) is not None
