"""The tools that Claude may call, and the loop that answers the calls of one turn."""

from __future__ import annotations

from collections.abc import Iterable

from bot.config import Settings
from bot.config.settings import ToolsSettings
from bot.conversation.clock import Clock
from bot.conversation.compose import Terms
from bot.conversation.server_tools import ServerToolLimits, definitions
from bot.conversation.server_uses import ServerUses, limits_of
from bot.conversation.tool_definition import ToolDefinition
from bot.files.convert import Converter
from bot.files.result import Limits
from bot.store.claim import Claim
from bot.store.tool_steps import ToolSteps
from bot.telemetry.metrics import Metrics
from bot.tools.gate import Gate
from bot.tools.installed import installed_tools
from bot.tools.mcp.remote_tools import RemoteTools
from bot.tools.memory import MemoryTools
from bot.tools.offer import ABOUT
from bot.tools.time_in import time_tool
from bot.tools.tool import Tool
from bot.tools.toolbox import Toolbox
from bot.turns.tool_loop import ToolLoop, ToolPolicy
from bot.wiring.store import Store

REMOTE_LABEL = "mcp"
"""The label of the tools of all remote servers."""


def build_toolbox(clock: Clock, memory: MemoryTools, more_tools: Iterable[Tool] = ()) -> Toolbox:
    """Build the tools that run here, with those of the operator's packages; `more_tools` work on Discord."""
    own = (time_tool(clock.now_s), *memory.tools(), *more_tools)
    return Toolbox((*own, *installed_tools([*ABOUT, *(tool.name for tool in own)])))


def build_remote_tools(settings: Settings, store: Store, toolbox: Toolbox) -> RemoteTools:
    """Build the tools of remote servers, which the toolbox finds, too."""
    converter = Converter(Limits(settings.claude.image_max_edge))
    remote_tools = RemoteTools(
        settings.mcp, store.pinned_tools, store.scope_settings, converter.convert, toolbox.__contains__
    )
    toolbox.find_remote = remote_tools.find
    return remote_tools


def server_tools(settings: ToolsSettings) -> tuple[ToolDefinition, ...]:
    """The tools that run at Anthropic, within the operator's limits."""
    return definitions(ServerToolLimits(settings.searches, settings.fetches, settings.page_tokens))


def tool_loop(
    toolbox: Toolbox,
    steps: ToolSteps,
    settings: ToolsSettings,
    gate: Gate,
    metrics: Metrics,
    claim: Claim,
    terms: Terms,
) -> ToolLoop | None:
    offered = terms.parameters.tools
    if not offered:
        return None
    policy = ToolPolicy(settings.max_steps, settings.max_s)

    def report(tool: Tool, outcome: str, seconds: float) -> None:
        metrics.tool_called(tool_label(tool, toolbox), outcome, seconds)

    return ToolLoop(
        toolbox,
        steps,
        claim,
        [tool.name for tool in offered],
        policy=policy,
        gate=gate,
        uses=ServerUses(limits_of(offered)),
        report=report,
    )


def tool_label(tool: Tool, toolbox: Toolbox) -> str:
    """Return the label of a tool in the metrics: its name, one for all tools that remote servers define."""
    return tool.name if tool.name in toolbox else REMOTE_LABEL
