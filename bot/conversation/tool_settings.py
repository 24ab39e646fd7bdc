"""Which tools may be called in a place, by the settings of its scopes: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.conversation.scope import Scope, Settings, in_force

FAMILY = "tool:"
"""The settings of tools are named so, with the name of the tool behind it."""

ON, OFF, ASK = "on", "off", "ask"
"""With `ask`, each call waits until somebody allows it."""


def is_on(by_scope: Mapping[Scope, Settings], tool: str, defaults: Collection[str]) -> bool:
    """Whether a tool may be called: by the narrowest scope that says so, else if it is among the `defaults`."""
    origin = in_force(by_scope, FAMILY + tool)
    return tool in defaults if origin is None else origin.setting.value != OFF


def asks(by_scope: Mapping[Scope, Settings], tool: str) -> bool:
    """Whether each call of a tool waits until somebody allows it."""
    origin = in_force(by_scope, FAMILY + tool)
    return origin is not None and origin.setting.value == ASK
