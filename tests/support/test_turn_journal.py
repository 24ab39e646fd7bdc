"""The journal of a turn: numbers of the bot's own stay, and those that people wrote do not."""

from __future__ import annotations

import json

from redis.asyncio import Redis

from bot.store.keys import Keys
from bot.support.turn_journal import journal_of

KEYS = Keys("test")
CONVERSATION, TURN, REPLY = (1576743522734702595 + number for number in range(3))
PHONE = "0170 1234567"
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
