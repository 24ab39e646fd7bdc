"""/reminders: a person's reminders, and for moderators all reminders of a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
import structlog
from discord import app_commands

from bot.commands import permission_rules
from bot.commands.audit_notes import note
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.audit import Act
from bot.conversation.errors import StoreUnavailable
from bot.conversation.reminder import MARK, Reminder, described

log = structlog.get_logger()

RULE = permission_rules.Rule(("manages_messages", "manages_threads", "manages_server"))
"""Who may see and cancel the reminders of others in a thread; in direct messages there are no others."""

MAY_NOT_LIST = RULE.refusal("see the reminders of others in this thread")
MAY_NOT_CANCEL = RULE.refusal("cancel a reminder of somebody else")
NONE_OWN = (
    "You have no reminders. To set one, ask Claude where its tool `set_reminder` is on (/tools show), such as "
    "“remind me in two hours to stir”."
)
NONE_HERE = "There are no reminders here."
EMBED_CHARS = 4000
"""An embed's description holds 4,096 (Discord, "Embed Limits")."""

AUTOCOMPLETE_S = 0.8
"""Bounds the lookup for an autocompletion, which Discord requests at each keystroke."""

CHOICE_CHARS = 100
MOST_CHOICES = 25
"""The most choices of an autocompletion (Discord, "Autocomplete")."""


def cancelled(code: str) -> str:
    return f"The reminder `{code}` is cancelled."


def cancelled_late(code: str) -> str:
    """Say that a reminder is cancelled whose post had begun."""
    return f"The reminder `{code}` is cancelled, but I had begun to post it: it may still appear this once."


def outcome(after: Reminder | None, code: str) -> str:
    """Say what came of a request to cancel; `after` is the cancelled reminder, None if there was none to cancel."""
    if after is None:
        return no_such(code)
    return cancelled_late(code) if after.may_still_appear else cancelled(code)


def no_such(code: str) -> str:
    """Say that there is no reminder with a code."""
    return f"There is no reminder {_shown_code(code)} (any more). /reminders list shows all of yours."


def _place(reminder: Reminder) -> str:
    """Say where a reminder is posted; a mention of direct messages shows no name."""
    return "direct messages" if reminder.server is None else f"<#{reminder.conversation}>"


def _shown_code(code: str) -> str:
    """Return a typed code in a form that is safe to show."""
    shown = "".join(char for char in code if char.isalnum())[:10]
    return f"`{shown}`" if shown else "with that code"


@in_servers_and_dms
class ReminderCommands(
    app_commands.Group, name="reminders", description="Reminders that Claude has set for you"
):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._reminders = services.reminders
        self._conversations = services.conversations
        self._audit_log = services.audit_log
        self._clock = services.clock

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(name="list", description="Show your reminders, or those of everybody here")
    @app_commands.describe(thread="Show the reminders of everybody here; for moderators")
    async def list_(self, interaction: Interaction, thread: bool = False) -> None:
        await interaction.response.defer(ephemeral=True)
        if not thread:
            own = await self._reminders.of_person(interaction.user.id)
            lines = [f"{described(each)} ({_place(each)})" for each in own]
            await self._show(interaction, "Your reminders", lines, NONE_OWN)
            return
        invocation = await resolve_invocation(interaction, self._conversations)
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_LIST)
            return
        found = await self._here(interaction)
        lines = [f"{described(each)} (<@{each.person}>)" for each in found]
        await self._show(interaction, "Reminders set here", lines, NONE_HERE)

    @app_commands.command(name="cancel", description="Cancel a reminder")
    @app_commands.describe(reminder="Its code, which /reminders list shows")
    async def cancel(self, interaction: Interaction, reminder: str) -> None:
        """Cancel a reminder: one's own wherever it was set, or for moderators any of this thread."""
        await interaction.response.defer(ephemeral=True)
        code = reminder.strip().strip("`").lower()
        own = await self._reminders.of_person(interaction.user.id)
        if found := [each for each in own if each.code == code]:
            await say(interaction, outcome(await self._cancel(found[0]), code))
            return
        others = [each for each in await self._here(interaction) if each.code == code]
        invocation = await resolve_invocation(interaction, self._conversations)
        if not RULE.allows(invocation.person):
            # The same answer whether or not the reminder exists, which this person may not learn.
            await say(interaction, f"{no_such(code)} {MAY_NOT_CANCEL}")
            return
        after = await self._cancel(others[0]) if others else None
        if after is not None:
            await self._note(invocation, after)
        await say(interaction, outcome(after, code))

    @cancel.autocomplete("reminder")
    async def autocomplete_reminder(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer a person's own reminders; none while the store is slow."""
        try:
            async with asyncio.timeout(AUTOCOMPLETE_S):
                own = await self._reminders.of_person(interaction.user.id)
        except (StoreUnavailable, TimeoutError):
            return []
        wanted = typed.casefold()
        named = [(f"{each.code} {each.text}"[:CHOICE_CHARS], each.code) for each in own]
        fitting = [(name, code) for name, code in named if wanted in name.casefold()]
        return [app_commands.Choice(name=name, value=code) for name, code in fitting[:MOST_CHOICES]]

    async def _here(self, interaction: Interaction) -> Sequence[Reminder]:
        found = await self._reminders.of(interaction.channel_id or 0)
        return [each for each in found if not each.has_ended]

    async def _cancel(self, reminder: Reminder) -> Reminder | None:
        """Cancel a reminder and return it; None if it has ended in another way since it was read."""
        now_ms = self._clock.now_ms()
        after, taken = await self._reminders.change(
            reminder.conversation, reminder.id, lambda each: each.ended("cancelled", now_ms)
        )
        if taken:
            log.info("reminder_ended", conversation=reminder.conversation, why="cancelled")
        return after if after is not None and after.is_cancelled else None

    async def _note(self, invocation: Invocation, reminder: Reminder) -> None:
        await note(self._audit_log, invocation, Act.REMINDER_CANCELLED, before=str(reminder.person))

    async def _show(self, interaction: Interaction, title: str, lines: Sequence[str], nothing: str) -> None:
        if not lines:
            await say(interaction, nothing)
            return
        shown: list[str] = []
        for line in lines:
            if sum(map(len, shown)) + len(line) + len(shown) > EMBED_CHARS:
                shown.append("…")
                break
            shown.append(line)
        embed = discord.Embed(title=f"{MARK} {title}", description="\n".join(shown))
        await say(interaction, "", embeds=[embed])
