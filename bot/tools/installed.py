"""The operator's own tools: entry points of installed packages, in the group `bobbin.tools`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

import structlog

from bot.tools.tool import Tool
from bot.tools.typed import tool_of

log = structlog.get_logger()

GROUP = "bobbin.tools"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What the Messages API takes as the name of a tool."""


def found_entries() -> Iterable[EntryPoint]:
    """Return the entry points of the installed packages."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))


def installed_tools(
    taken: Collection[str], entries: Callable[[], Iterable[EntryPoint]] = found_entries
) -> tuple[Tool, ...]:
    """Load the operator's tools; each that cannot be loaded, or has a name that is `taken`, is a line in the log."""
    return tuple(_loaded(set(taken), entries))


def _loaded(taken: set[str], entries: Callable[[], Iterable[EntryPoint]]) -> Iterator[Tool]:
    for entry in entries():
        try:
            tool = _tool(entry.load())
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a package may raise anything where it is loaded
            _log_broken(entry, type(error).__name__)
            continue
        if isinstance(tool, str):
            _log_broken(entry, tool)
        elif tool.name in taken:
            _log_broken(entry, f"another tool has the name {tool.name}")
        else:
            taken.add(tool.name)
            log.info("tool_installed", tool=tool.name, entry=entry.value)
            yield tool


def _tool(found: object) -> Tool | str:
    """Return the tool of an entry, else what is wrong with the entry."""
    if inspect.iscoroutinefunction(found):
        found = tool_of(found, status=f"Using the tool {found.__name__}")
    if not isinstance(found, Tool):
        return "neither a Tool nor an async function"
    if not _NAME.fullmatch(found.name):
        return "the name of the tool must be up to 64 letters, digits, underscores and hyphens"
    _ = found.definition  # a schema that is no JSON fails here, not in a turn
    return replace(found, status=found.status or f"Using the tool {found.name}")


def _log_broken(entry: EntryPoint, reason: str) -> None:
    log.error("tool_not_loaded", entry=f"{entry.name} = {entry.value}", reason=reason)
