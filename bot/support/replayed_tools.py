"""The tools of a replay: each returns filler, as long as the journal says that the original result was.

The replayed bot finds them through the entry points of an installed package, as it finds an operator's tools.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.local.scene import SceneTool
from bot.tools.installed import GROUP
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput

VARIABLE = "BOBBIN_REPLAYED_TOOLS"
"""The environment variable that holds the tools as JSON."""

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}

WORDS = "result that stands for another one "


def install(folder: Path, tools: tuple[SceneTool, ...]) -> dict[str, str]:
    """Install the tools in a folder; return the environment variables by which a bot finds and runs them."""
    if not tools:
        return {}
    dist_info = folder / "bobbin_replay-0.dist-info"
    dist_info.mkdir(parents=True)
    (dist_info / "METADATA").write_text("Metadata-Version: 2.1\nName: bobbin-replay\nVersion: 0\n", "utf-8")
    entries = "".join(f"{tool.name} = {__name__}:{tool.name}\n" for tool in tools)
    (dist_info / "entry_points.txt").write_text(f"[{GROUP}]\n{entries}", "utf-8")
    specs = {
        tool.name: {
            "asks": tool.asks,
            "results": [[each.seconds, each.characters, each.fails] for each in tool.results],
        }
        for tool in tools
    }
    return {VARIABLE: json.dumps(specs), "BOT_TOOLS__ON": json.dumps([tool.name for tool in tools])}


def __getattr__(name: str) -> Tool:
    """Return a tool by name: the entry points name attributes of this module."""
    spec = json.loads(os.environ.get(VARIABLE) or "{}").get(name)
    if spec is None:
        raise AttributeError(name)
    return _tool(name, iter(spec["results"]), asks=spec["asks"])


def _tool(name: str, results: Iterator[tuple[float, int, bool]], *, asks: bool) -> Tool:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> ToolOutput:
        seconds, characters, fails = next(results, (0.0, 0, False))
        await asyncio.sleep(seconds)
        text = (WORDS * (characters // len(WORDS) + 1))[:characters]
        if fails:
            raise ToolFailed(text or "It failed.")
        return ToolOutput.of(text)

    return Tool(name, "Stands for a tool.", SCHEMA, run, "", changes=asks, asks=asks)
