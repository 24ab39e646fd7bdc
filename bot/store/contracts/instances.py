"""What instances tell each other and divide among them.

An announcement lives RETIREMENT_NOTICE_S.
"""

from __future__ import annotations

from bot.store.contracts.contract import Contract

INSTANCES = (
    Contract(
        "i:<interaction>",
        "string",
        "which instance answers an interaction",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "pulse:<instance>",
        "string",
        "latest heartbeat of an instance; missing or old after a rollback",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "events",
        "list",
        "latest events of the log of all instances, without texts and without ids of people",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "metrics:<instance>",
        "string",
        "metrics of an instance",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "calls",
        "hash",
        "shares of the instances in the calls to Discord: held, wanted, until when (ms)",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "identify:<number>",
        "string",
        "which instance has a shard identify at Discord",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "models",
        "sorted set",
        "models that were chosen or used, by when that was last (s)",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "ending:<day>:<model>",
        "string",
        "which instance announces on that day that a model ends",
        "see above",
        whose="nobody",
    ),
    Contract(
        "commands:<application>",
        "string",
        "fingerprint of the registered slash commands",
        "for ever",
        whose="nobody",
    ),
    Contract(
        "commands:<application>:compared",
        "string",
        "which instance has compared the slash commands with those at Discord lately",
        "seconds",
        whose="nobody",
    ),
    Contract(
        "{trial-<number>}:<number>",
        "string",
        "what the trial of a server writes",
        "seconds",
        whose="nobody",
    ),
)
