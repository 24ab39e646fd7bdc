"""/why, and *Apps › Why?*: why a message got no answer, or what a reply was made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import discord
from discord import app_commands

from bot.commands import permission_rules, why_view
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, in_time, say
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.commands.why_answer import ENDED, WhyAnswer
from bot.commands.why_target import Target, find, link_of
from bot.conversation.errors import Unreadable
from bot.conversation.intake import Ignore, Reason
from bot.gateway.conversion import reading
from bot.store.states import State

RULE = permission_rules.SERVER
"""Who may see the people who made settings and rules: those who may change them."""

MESSAGES_READ = 30
"""The number of latest messages among which the command looks for one to explain."""

NEVER_ASKED_ABOUT = (Reason.NOT_A_PERSON, Reason.NOT_A_MESSAGE)
"""The reasons for messages that the command without an option passes over."""


class Why:
    """Answers the command and the menu for everybody who may read the message."""

    def __init__(self, services: CommandServices) -> None:
        self._services = services

    def add_to(self, tree: Tree) -> None:
        tree.command(name="why", description="Why a message got no answer, or what a reply was made with")(
            self.why
        )
        tree.context_menu(name="Why?")(self.menu)

    @app_commands.describe(message="A link to a message, or its id; without it, the latest one here")
    @in_servers_and_dms
    async def why(self, interaction: Interaction, message: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        await say(interaction, await in_time(self._explained(interaction, message)))

    @in_servers_and_dms
    async def menu(self, interaction: Interaction, message: discord.Message) -> None:
        """Explain the message of the menu."""
        await interaction.response.defer(ephemeral=True)
        target = Target(message.channel.id, message.id, message)
        await say(interaction, await in_time(self._answer(interaction).about(target)))

    async def _explained(self, interaction: Interaction, message: str | None) -> str:
        answer = self._answer(interaction)
        if message is None:
            return await self._latest(interaction, answer)
        link = link_of(message, interaction)
        target = None if link is None else await find(link, interaction)
        return why_view.UNKNOWN if target is None else await answer.about(target)

    def _answer(self, interaction: Interaction) -> WhyAnswer:
        direct = interaction.guild_id is None
        person = permission_rules.Person(
            is_direct=direct,
            is_starter=False,
            manages_threads=False,
            manages_server=interaction.permissions.manage_guild,
        )
        return WhyAnswer(self._services, interaction, names=direct or RULE.allows(person))

    async def _latest(self, interaction: Interaction, answer: WhyAnswer) -> str:
        """Explain the latest unanswered message here, by preference one to the bot; without one, the latest reply."""
        channel, me = interaction.channel, interaction.client.user
        may_read = interaction.guild is None or interaction.permissions.read_message_history
        if me is None or channel is None or not may_read:
            return why_view.NOTHING_HERE
        try:
            listed = await reading.messages(interaction.client, cast("Any", channel), limit=MESSAGES_READ)
        except discord.Forbidden:
            return why_view.MAY_NOT_READ
        targets = [Target(channel.id, message.id, message) for message in listed]
        found = await self._unanswered(targets, me)
        if found is None:
            found = next((each for each in targets if _is_reply(each.message, me)), None)
        return why_view.NOTHING_HERE if found is None else await answer.about(found)

    async def _unanswered(self, targets: Sequence[Target], me: discord.ClientUser) -> Target | None:
        """Return the first unanswered message to the bot, else the first unanswered message."""
        other: Target | None = None
        for target in targets:
            if target.message is None or target.message.author.id == me.id:
                continue
            match await self._is_unanswered(target, target.message, me):
                case True:
                    return target
                case False:
                    other = other or target
                case None:
                    pass
        return other

    async def _is_unanswered(
        self, target: Target, message: discord.Message, me: discord.ClientUser
    ) -> bool | None:
        """Whether an unanswered message was to the bot; None if it was answered, or if no person wrote it."""
        channel, id_ = target.channel, target.id
        reference = message.reference
        if message.type is discord.MessageType.thread_starter_message and reference is not None:
            channel, id_ = reference.channel_id, reference.message_id or id_
        states, services = self._services.message_states, self._services
        state = (await states.of(channel, (id_,))).get(id_)
        if state is not None and state.state not in ENDED:
            return True
        is_decided = id_ in await services.decisions.of(channel, (id_,))
        if state is not None and state.state is State.DONE:
            if not is_decided:
                return None
            try:
                entry = await states.entry(state.conversation, id_)
            except Unreadable:
                return True
            return None if entry is not None and entry.reply else True
        if is_decided:
            return True
        if state is not None:
            return False
        decided = await services.judge(message, me)
        if isinstance(decided, Ignore):
            return None if decided.reason in NEVER_ASKED_ABOUT else False
        return decided is not None or None


def _is_reply(message: discord.Message | None, me: discord.ClientUser) -> bool:
    return message is not None and message.author.id == me.id and not message.flags.silent
