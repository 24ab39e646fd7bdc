"""/settings show: the settings that apply here, and where each was set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from discord import app_commands

from bot.commands import permission_rules
from bot.commands.code_block import ANSWER_CHARS
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.commands.why_view import described_origin
from bot.conversation import wording
from bot.conversation.scope import Scope, Settings
from bot.conversation.settings_table import ROWS, Applied, OperatorValue, Row, applied

RULE = permission_rules.SERVER
"""Who may see the people who made the settings: those who may change them."""

HEADING = "**The settings that apply here**"
LIMITS = "/usage and /budget show tell what is left of limits."
LEGEND = f"A thread's setting overrides its channel's, and that overrides the server's. {LIMITS}"


@in_servers_and_dms
class SettingsCommands(app_commands.Group, name="settings", description="Which settings apply here"):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._operator = services.operator_values

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(
        name="show", description="Show the settings that apply here, and where each was set"
    )
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        names = invocation.is_direct or RULE.allows(invocation.person)
        for text in shown(by_scope, self._operator, names=names, is_direct=invocation.is_direct):
            await say(interaction, text)


def shown(
    by_scope: Mapping[Scope, Settings],
    operator: Mapping[str, OperatorValue],
    *,
    names: bool = False,
    is_direct: bool = False,
    rows: tuple[Row, ...] = ROWS,
) -> Iterator[str]:
    """Yield the messages of the answer; `names` adds people and the rows for those who manage the server."""
    seen = tuple(row for row in rows if names or not row.for_managers)
    lines = [_line(each, names=names, is_direct=is_direct) for each in applied(by_scope, operator, seen)]
    yield from _messages([HEADING, wording.small(LIMITS if is_direct else LEGEND), *lines])


def _line(found: Applied, *, names: bool, is_direct: bool) -> str:
    if found.origin is not None:
        where = described_origin(found.origin, names=names, says_value=False, is_direct=is_direct)
    else:
        where = "default" if found.is_default else "set by whoever runs me"
    return f"- {found.label}: **{found.value}** ({where})"


def _messages(lines: Iterable[str]) -> Iterator[str]:
    """Join lines to as few messages as hold them."""
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > ANSWER_CHARS:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line[:ANSWER_CHARS]
    yield text
