"""The data contract: what each key in Redis holds, whose data that is, its life, its export and its erasure.

A module has the contracts of one subject; `contract` defines what a contract is.

All keys of a conversation share the hash tag `{C}`, so that its scripts stay in one slot of a cluster; what is set
and noted for a server shares `{S}`, in direct messages the id of the channel; `{P}` is a person.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.store.contracts.contract import Contract, Erasure, Personal
from bot.store.contracts.conversations import CONVERSATIONS
from bot.store.contracts.files import FILES
from bot.store.contracts.instances import INSTANCES
from bot.store.contracts.limits import LIMITS
from bot.store.contracts.messages import MESSAGES
from bot.store.contracts.people import PEOPLE
from bot.store.contracts.schema import SCHEMA
from bot.store.contracts.settings import SETTINGS
from bot.store.contracts.tools import TOOLS
from bot.store.contracts.turns import TURNS
from bot.store.contracts.usage import USAGE

__all__ = ["CONTRACTS", "Contract", "Erasure", "Personal", "contract_of"]

CONTRACTS = (
    *MESSAGES,
    *CONVERSATIONS,
    *TURNS,
    *FILES,
    *TOOLS,
    *SETTINGS,
    *LIMITS,
    *USAGE,
    *PEOPLE,
    *INSTANCES,
    *SCHEMA,
)

_NAME = re.compile(r"<\w+>")
_TAG = re.compile(r"\\\{[CSP]\\\}")
"""A hash tag behind re.escape."""

_DIGITS = re.compile(r"\d+")

_PATTERNS = [
    (
        re.compile(_NAME.sub(r"[^:{}]+", _TAG.sub(r"\\{\\d+\\}", re.escape(each.name)))),
        each,
    )
    for each in CONTRACTS
]


def contract_of(name: str) -> Contract | None:
    """Return the contract of a key, named without the prefix; None if no contract covers the key."""
    return _of_shape(_DIGITS.sub("0", name))


@lru_cache(maxsize=1000)
def _of_shape(name: str) -> Contract | None:
    return next((each for pattern, each in _PATTERNS if pattern.fullmatch(name)), None)
