"""Limits of people, and budgets with their reservations."""

from __future__ import annotations

from bot.store.contracts.contract import Contract

LIMITS = (
    Contract(
        "{S}:threads:<person>",
        "sorted set",
        "messages by which a person has opened threads, or would have opened too many, by time (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{S}:abuse:<person>",
        "hash",
        "a person's score of abuse and its time, until when they are paused, which turns were refused",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{P}:places",
        "hash",
        "conversations in which a person's turns run or wait, each with an expiry (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="key",
    ),
    Contract(
        "{budgets}:c:<counter>",
        "hash",
        "what of a limit is used up in a window, and who was told that it is full",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{budgets}:r:<turn>",
        "hash",
        "reservations of a turn: the counters of each, whether it is settled",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{budgets}:open",
        "sorted set",
        "reservations under way, by when they are given back (ms)",
        "seconds",
        whose="a person",
        personal=("ids",),
        exported="as stored",
        erased="kept",
    ),
    Contract(
        "{budgets}:server",
        "hash",
        "the run of the server that answered last, and until when (ms) reservations wait after a rollback",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{budgets}:n:<instance>",
        "string",
        "number of an instance's calls to the budgets; missing or lower after a rollback",
        "seconds",
        whose="nobody",
    ),
)
