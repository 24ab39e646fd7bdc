"""Which definition of a tool of a remote server counts in a place: the one that was read when it was switched on.

The setting of the scope that switches such a tool on is accompanied by another one, which names the definition by its
digest; pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.conversation.scope import Scope, Settings, in_force

FAMILY = "pin:"
"""The settings are named so, with the name of the tool behind it."""


def pin_name(tool: str) -> str:
    """Return the name of the setting that pins a tool."""
    return FAMILY + tool


def pins(by_scope: Mapping[Scope, Settings]) -> dict[str, str]:
    """Return the digests of the definitions that count in a place, by tool, in the order of the names."""
    names = {name for held in by_scope.values() for name in held if name.startswith(FAMILY)}
    return {name.removeprefix(FAMILY): digest for name in sorted(names) if (digest := pin(by_scope, name))}


def pin(by_scope: Mapping[Scope, Settings], name: str) -> str:
    """Return the digest that the narrowest scope names in a setting, "" if none does."""
    origin = in_force(by_scope, name)
    return "" if origin is None else origin.setting.value
