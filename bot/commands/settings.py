"""/settings show: which settings apply here, and where each of them was set."""

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
from bot.commands.why_view import origin
from bot.conversation import wording
from bot.conversation.scope import Scope, Settings
from bot.conversation.settings_table import ROWS, Applied, OperatorValue, Row, applied

RULE = permission_rules.SERVER
"""Whoever may change settings sees who has set them."""

HEADING = "**The settings that apply here**"
LEGEND = (
    "The narrowest scope counts: a thread before its channel, and that before the server. What is left of limits: "
    "/usage and /budget show."
)


@in_servers_and_dms
class SettingsCommands(app_commands.Group, name="settings", description="Which settings apply here"):
    """Answers the command."""

    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._operator = services.operator_values

    def add_to(self, tree: Tree) -> None:
        """Add the command."""
        tree.add_command(self)

    @app_commands.command(
        name="show", description="Show the settings that apply here, and where each was set"
    )
    async def show(self, interaction: Interaction) -> None:
        """Show the settings; everybody may see them."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        names = invocation.person.is_direct or RULE.allows(invocation.person)
        for text in shown(by_scope, self._operator, names=names):
            await say(interaction, text)


def shown(
    by_scope: Mapping[Scope, Settings],
    operator: Mapping[str, OperatorValue],
    *,
    names: bool = False,
    rows: tuple[Row, ...] = ROWS,
) -> Iterator[str]:
    """Yield the messages that show the settings; the names of people, and some rows, are for admins."""
    seen = tuple(row for row in rows if names or not row.for_managers)
    lines = [_line(each, names=names) for each in applied(by_scope, operator, seen)]
    yield from _messages([HEADING, wording.small(LEGEND), *lines])


def _line(found: Applied, *, names: bool) -> str:
    if found.origin is not None:
        where = origin(found.origin, names=names, says_value=False)
    else:
        where = "default" if found.is_default else "set by whoever runs me"
    return f"- {found.label}: **{found.value}** ({where})"


def _messages(lines: Iterable[str]) -> Iterator[str]:
    """Part lines among messages."""
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > ANSWER_CHARS:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line[:ANSWER_CHARS]
    yield text
