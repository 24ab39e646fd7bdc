"""The consent of people, and the jobs that forget them."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

PEOPLE = (
    Contract(
        "{P}:consent",
        "string",
        "when a person has agreed to what is kept (ms)",
        "until removed",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{P}:consent:asked",
        "set",
        "servers and direct messages in which a person was asked for their consent",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{P}:consent:waits",
        "sorted set",
        "channels and ids of messages that wait for the consent of their author, by time",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{P}:forget",
        "hash",
        "how far a person is forgotten, and under which names; then the receipt",
        "seconds",
        whose="a person",
        personal=("ids", "names"),
        exported="as stored",
        erased="receipt",
    ),
    Contract(
        "{P}:forget:left",
        "set",
        "keys that are still to be looked at for a person",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="receipt",
    ),
    Contract(
        "forgetting",
        "sorted set",
        "people who are being forgotten, by when to look (ms)",
        "until done",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="receipt",
    ),
    Contract(
        "forgotten",
        "sorted set",
        "people who were forgotten and up to which id, by when they asked (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="receipt",
    ),
)
