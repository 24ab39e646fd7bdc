"""/handover: makes somebody else the starter of a conversation."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.commands import permission_rules
from bot.commands.audit_notes import note
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, in_time, say
from bot.commands.invocation import NOT_A_CONVERSATION, Invocation, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.access_rules import access_of
from bot.conversation.audit import Act
from bot.store.claim import Meta

log = structlog.get_logger()

RULE = permission_rules.CONVERSATION

MAY_NOT_HAND_OVER = RULE.refusal("hand it over")
NOT_TO_A_BOT = "A conversation can be handed over to a person only, not to an app."
CANNOT_SEE = "{member} cannot see this thread. Invite them first, then hand it over."
MAY_NOT_USE = "{member} may not use me here, so they cannot be the starter of this thread."
ALREADY = "{member} is the starter of this thread already."
HANDED_OVER = (
    "{member} is the starter of this thread now: they can reset it, choose its settings and stop me here."
)
OVERTAKEN = "Somebody has handed this thread over meanwhile: {member} is its starter now."


class Handover:
    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._defaults = services.access_defaults
        self._audit_log = services.audit_log

    def add_to(self, tree: Tree) -> None:
        tree.command(name="handover", description="Make somebody else the starter of this thread")(
            self.hand_over
        )

    @app_commands.describe(member="Who may reset it, choose its settings and stop me here from now on")
    @in_servers_only
    async def hand_over(self, interaction: Interaction, member: discord.User) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        conversation = invocation.conversation
        meta = None if conversation is None else await self._conversations.meta(conversation)
        if conversation is None or meta is None:
            await say(interaction, NOT_A_CONVERSATION)
        elif not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_HAND_OVER)
        elif member.bot:
            await say(interaction, NOT_TO_A_BOT)
        elif not await in_time(_can_see(interaction.channel, member)):
            await say(interaction, CANNOT_SEE.format(member=f"<@{member.id}>"))
        elif not await self._may_use(interaction, invocation, member):
            await say(interaction, MAY_NOT_USE.format(member=f"<@{member.id}>"))
        elif meta.starter == member.id:
            await say(interaction, ALREADY.format(member=f"<@{member.id}>"))
        else:
            if await self._conversations.hand_over(conversation, member.id, interaction.id):
                log.info("conversation_handed_over", conversation=conversation)
            elif latest := await self._later(conversation, interaction.id):
                await say(interaction, OVERTAKEN.format(member=f"<@{latest.starter}>"))
                return
            before = "" if meta.starter is None else str(meta.starter)
            await note(self._audit_log, invocation, Act.HANDED_OVER, before=before, after=str(member.id))
            await say(interaction, HANDED_OVER.format(member=f"<@{member.id}>"))

    async def _later(self, conversation: int, interaction: int) -> Meta | None:
        """Return what a later handover has made of a conversation, None if this interaction's is the latest one.

        The store refuses a handover also if the answer to the first try was lost: that try has done it.
        """
        meta = await self._conversations.meta(conversation)
        return None if meta is None or meta.handed == interaction else meta

    async def _may_use(
        self, interaction: Interaction, invocation: Invocation, member: discord.User | discord.Member
    ) -> bool:
        """Whether the rules of /access let a member use the bot in the channel of the thread."""
        server = interaction.guild_id
        by_scope = await self._scope_settings.by_scope(thread=None, channel=invocation.channel, server=server)
        roles = frozenset(role.id for role in getattr(member, "roles", ()))
        return access_of(member.id, roles, by_scope, self._defaults(), server=server).allowed


async def _can_see(channel: object, member: discord.User | discord.Member) -> bool:
    """Whether a person can see a thread; a private one as its member, or with Manage Threads."""
    held = getattr(member, "resolved_permissions", None)
    if not isinstance(channel, discord.Thread) or held is None or not held.view_channel:
        return False
    if not channel.is_private() or held.manage_threads:
        return True
    try:
        await channel.fetch_member(member.id)
    except discord.NotFound:
        return False
    return True
