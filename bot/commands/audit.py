"""/audit: the log of administrative acts in a server, and the channel to which new entries are posted."""

from __future__ import annotations

from collections.abc import Sequence

import discord
import structlog
from discord import app_commands

from bot.commands import permission_rules
from bot.commands.buttons import button, view_of
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say, update_message
from bot.commands.invocation import NOT_A_CONVERSATION, Invocation, resolve_invocation
from bot.commands.scopes import ScopeOption
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import audit_view
from bot.conversation.audit import AUDIT_CHANNEL, AuditEntry, AuditFilter, AuditPage
from bot.conversation.scope import Scope
from bot.conversation.visible import plain
from bot.gateway import permissions

log = structlog.get_logger()

RULE = permission_rules.SERVER

PAGE_ID = "bobbin:audit"
"""The prefix of a button's custom id; the entry before which the page begins, and the filter, follow."""

PAGE_ENTRIES = 10
MOST_CHOICES = 25
"""The most choices of an autocompletion (Discord, "Autocomplete")."""

WHAT_CHARS = 39
"""The filter has to fit into the custom id of a button, which holds 100 characters (Discord, "Custom ID")."""

HEADING = "What was changed on this server, and by whom; the latest first."
NOTHING = "There are no such entries."
MAY_NOT_READ = RULE.refusal("read the audit log")
MAY_NOT_CHOOSE = RULE.refusal("choose the channel of the audit log")
NO_LONGER_POSTED = "New entries of the audit log are no longer posted to a channel."
NOT_POSTED_BEFORE = (
    "New entries of the audit log are not posted to any channel, so nothing was changed. To choose one, use the "
    "option `channel`."
)


def posted_from_now_on(channel: int) -> str:
    """Say where new entries are posted."""
    return f"New entries of the audit log are posted to <#{channel}> from now on, starting with this one."


def cannot_post(channel: int, lacking: str) -> str:
    """Say that the bot lacks a permission in the chosen channel."""
    return (
        f"I cannot post in <#{channel}>, so nothing was changed. Give me the permission “{lacking}” there, then try "
        "again."
    )


def posting(channel: int, lacking: str, *, is_known: bool) -> str:
    """Say where new entries are posted, or what prevents that."""
    if not is_known:
        return "New entries wait: I cannot see their channel any more. Choose one with /audit channel."
    if lacking:
        return f"New entries wait: give me the permission “{lacking}” in <#{channel}>."
    return f"New entries are posted to <#{channel}>."


def embed_of(entries: Sequence[AuditEntry], home: int) -> discord.Embed:
    """Show entries in an embed, whose mentions ping nobody."""
    return discord.Embed(description="\n".join(audit_view.line(entry, home) for entry in entries))


@in_servers_only
class Audit(app_commands.Group, name="audit", description="What was changed on this server, and by whom"):
    """Answers the commands and the buttons of the pages."""

    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._audit_log = services.audit_log

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)
        wanted = rf"(?P<person>[0-9]+):(?P<scope>{'|'.join(Scope)}|all):(?P<what>.*)"
        tree.add_button(rf"{PAGE_ID}:(?P<before>0|[0-9]+-[0-9]+):{wanted}", self.turn_page)

    @app_commands.command(name="show", description="Show who changed what on this server, and when")
    @app_commands.describe(
        person="Only what this person did",
        what="Only this kind of act, such as a setting's name",
        scope="Only what concerns this thread, this channel, or the server as a whole",
    )
    async def show(
        self,
        interaction: Interaction,
        person: discord.User | None = None,
        what: app_commands.Range[str, 1, WHAT_CHARS] | None = None,
        scope: ScopeOption | None = None,
    ) -> None:
        """Show the latest entries."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        wanted = _filter(invocation, None if person is None else person.id, plain(what or ""), scope)
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_READ)
        elif wanted is None:
            await say(interaction, NOT_A_CONVERSATION)
        else:
            page = await self._audit_log.page(invocation.actor.home, wanted, count=PAGE_ENTRIES)
            text = "\n".join(filter(None, (HEADING, await self._posting(interaction, invocation))))
            if not page.entries:
                text = f"{text}\n{NOTHING}"
            await say(
                interaction,
                text,
                embeds=_embeds(page, invocation.actor.home),
                view=_buttons(page, wanted, first=True),
            )

    @show.autocomplete("what")
    async def autocomplete_what(self, _: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the kinds of acts that contain what was typed."""
        wanted = plain(typed).lower()
        fitting = [name for name in audit_view.KNOWN if wanted in name]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:MOST_CHOICES]]

    async def turn_page(
        self, interaction: Interaction, *, before: str, person: str, scope: str, what: str
    ) -> None:
        """Show another page in the message whose button was pressed."""
        await interaction.response.defer()
        invocation = await resolve_invocation(interaction, self._conversations)
        wanted = _filter(invocation, int(person) or None, what, None if scope == "all" else Scope(scope))
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_READ)
            return
        if wanted is None:
            await say(interaction, NOT_A_CONVERSATION)
            return
        start = None if before == "0" else before
        page = await self._audit_log.page(invocation.actor.home, wanted, count=PAGE_ENTRIES, before=start)
        text = HEADING if page.entries else f"{HEADING}\n{NOTHING}"
        await update_message(
            interaction,
            text,
            embeds=_embeds(page, invocation.actor.home),
            view=_buttons(page, wanted, first=start is None),
        )

    @app_commands.command(name="channel", description="Choose the channel to which new entries are posted")
    @app_commands.describe(channel="Where new entries are posted; leave it out to post them nowhere")
    async def channel(self, interaction: Interaction, channel: discord.TextChannel | None = None) -> None:
        """Set or remove the channel of the log."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_CHOOSE)
            return
        if channel is not None and (lacking := self._lacking(interaction, channel.id)):
            await say(interaction, cannot_post(channel.id, lacking))
            return
        chosen = None if channel is None else str(channel.id)
        home = invocation.actor.home
        changed = await self._scope_settings.change(
            invocation.actor, Scope.SERVER, home, {AUDIT_CHANNEL: chosen}
        )
        log.info("audit_channel_chosen", server=home, channel=chosen)
        if channel is not None:
            await say(interaction, posted_from_now_on(channel.id))
        else:
            await say(interaction, NO_LONGER_POSTED if changed else NOT_POSTED_BEFORE)

    async def _posting(self, interaction: Interaction, invocation: Invocation) -> str:
        found = await self._scope_settings.by_scope(thread=None, channel=None, server=invocation.server)
        setting = found.get(Scope.SERVER, {}).get(AUDIT_CHANNEL)
        if setting is None:
            return ""
        channel = int(setting.value)
        is_known = interaction.client.get_channel(channel) is not None
        return posting(channel, self._lacking(interaction, channel), is_known=is_known)

    def _lacking(self, interaction: Interaction, channel: int) -> str:
        return permissions.missing(interaction.client, channel, permissions.TO_POST_ONCE)


def _filter(invocation: Invocation, person: int | None, what: str, scope: Scope | None) -> AuditFilter | None:
    """Return the filter of a page; None if the command is used where the scope does not exist."""
    targets = {
        Scope.THREAD: invocation.conversation,
        Scope.CHANNEL: invocation.channel,
        Scope.SERVER: invocation.server,
    }
    target = None if scope is None else targets[scope]
    if scope is not None and target is None:
        return None
    return AuditFilter(person, what, scope, target)


def _embeds(page: AuditPage, home: int) -> list[discord.Embed]:
    return [embed_of(page.entries, home)] if page.entries else []


def _buttons(page: AuditPage, wanted: AuditFilter, *, first: bool) -> discord.ui.View | None:
    scope = "all" if wanted.scope is None else wanted.scope.value
    rest = f"{wanted.person or 0}:{scope}:{wanted.what}"
    items = [] if first else [button("Latest", f"{PAGE_ID}:0:{rest}")]
    if page.more is not None:
        items.append(button("Older", f"{PAGE_ID}:{page.more}:{rest}"))
    return view_of(*items)
