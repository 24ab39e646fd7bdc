"""/answer: which messages of a thread, a channel or a server are answered."""

from __future__ import annotations

from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.commands import permission_rules
from bot.commands.command_contexts import in_servers_only
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.scopes import (
    CHANNEL_HELP,
    SCOPE_HELP,
    SCOPE_NAMES,
    ChannelOption,
    Refusals,
    ScopeOption,
    scope_name,
    set_where,
)
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.answer_mode import ANSWER, AnswerMode, ModeInForce, mode_in_force
from bot.conversation.intake import Policy
from bot.conversation.scope import Scope
from bot.gateway import permissions
from bot.store.settings_cache import ByScope

log = structlog.get_logger()

Mode = Literal["mention", "always", "never", "quiet"]
"""The choices of the option; a test compares them with AnswerMode."""

MODE_HELP = "mention: as usual · always: each message · never: nothing · quiet: mentions only, in threads too"

ONLY_IN_SERVERS = "In direct messages I answer each message."
NO_THREADS = (
    "I answer in threads, and this kind of channel cannot have threads: mention me in a text channel, or use /chat "
    "there."
)
REFUSALS = Refusals(
    ONLY_IN_SERVERS,
    {
        Scope.THREAD: permission_rules.BY_SCOPE[Scope.THREAD].refusal("choose what I answer in it"),
        Scope.CHANNEL: permission_rules.BY_SCOPE[Scope.CHANNEL].refusal("choose what I answer in a channel"),
        Scope.SERVER: permission_rules.BY_SCOPE[Scope.SERVER].refusal("choose what I answer in a server"),
    },
)

IN_THREADS = {
    "always": "In my threads I answer each message.",
    "mentioned": "In my threads I answer when I am mentioned.",
    "auto": "In my threads I answer each message that is not for somebody else.",
}
"""By the setting `reply.when`."""


EACH_MESSAGE = "I answer each message, those for somebody else included."
OPENS_THREADS = "A thread opens from each message of the channel, and I answer there."
EACH_POST = "I answer each new post."
NO_MESSAGES = "Nobody writes there, so there is nothing to answer."

ALWAYS = {
    discord.ChannelType.text: OPENS_THREADS,
    discord.ChannelType.news: OPENS_THREADS,
    discord.ChannelType.forum: EACH_POST,
    discord.ChannelType.media: EACH_POST,
    discord.ChannelType.news_thread: EACH_MESSAGE,
    discord.ChannelType.public_thread: EACH_MESSAGE,
    discord.ChannelType.private_thread: EACH_MESSAGE,
    discord.ChannelType.voice: NO_THREADS,
    discord.ChannelType.stage_voice: NO_THREADS,
    discord.ChannelType.category: NO_MESSAGES,
    discord.ChannelType.private: ONLY_IN_SERVERS,
    discord.ChannelType.group: ONLY_IN_SERVERS,
}
"""What `always` does in each kind of channel."""

NO_EFFECT = (NO_THREADS, NO_MESSAGES, ONLY_IN_SERVERS)
"""The kinds in which `always` answers nothing."""


def meaning(
    mode: AnswerMode, scope: Scope | None, policy: Policy, kind: discord.ChannelType | None = None
) -> str:
    """Say what a mode means that is set for a scope, or is the default; in a channel of a `kind`, if known."""
    in_threads = IN_THREADS[policy.when]
    always = None if kind is None else ALWAYS.get(kind)
    match mode, scope:
        case AnswerMode.NEVER, _:
            return "I answer nothing, mentions included."
        case _, _ if always in NO_EFFECT:
            return always or ""
        case AnswerMode.QUIET, _:
            return "I answer only when somebody mentions me or replies to me, also in my own threads."
        case AnswerMode.ALWAYS, Scope.THREAD:
            return EACH_MESSAGE
        case AnswerMode.ALWAYS, _ if always in (OPENS_THREADS, EACH_POST):
            return f"{always} {in_threads}"
        case AnswerMode.ALWAYS, _:
            return (
                "A thread opens from each message of a channel, and I answer there; of a forum I answer each new "
                f"post. {in_threads}"
            )
        case _:
            return f"In a channel, and in threads of others, I answer when I am mentioned. {in_threads}"


def shown(
    in_force: ModeInForce | None,
    policy: Policy,
    *,
    names_person: bool,
    elsewhere: int | None = None,
    kind: discord.ChannelType | None = None,
) -> str:
    """Say which mode is in force and where it was set; by whom only to those who manage the server."""
    mode = AnswerMode.MENTION if in_force is None else in_force.mode
    scope = None if in_force is None else in_force.origin.scope
    where = (
        "the default"
        if in_force is None
        else set_where(in_force.origin, names_person=names_person, elsewhere=elsewhere)
    )
    here = "here" if elsewhere is None else f"in <#{elsewhere}>"
    return f"`{mode}` is in force {here}, {where}. {meaning(mode, scope, policy, kind)}"


def chosen(
    mode: AnswerMode,
    scope: Scope,
    policy: Policy,
    elsewhere: int | None = None,
    kind: discord.ChannelType | None = None,
) -> str:
    """Say what is answered in a scope from the next message on."""
    where = scope_name(scope, elsewhere)
    return f"From the next message on, `{mode}` is in force in {where}. {meaning(mode, scope, policy, kind)}"


def without_effect(where: str) -> str:
    """Say that `always` was not set; `where` says what the kind of the channel prevents."""
    return f"{where} So `always` would have no effect there, and nothing was changed."


def cleared(scope: Scope, *, was_set: bool, elsewhere: int | None = None) -> str:
    """Say that a mode was removed."""
    where = scope_name(scope, elsewhere)
    if not was_set:
        return f"There is nothing set with /answer for {where}."
    return f"What /answer had set for {where} is removed. /answer show tells what is in force now."


def in_vain(lacking: str) -> str:
    """Say that nobody gets an answer until the bot has a permission."""
    return (
        f"But I lack the permission “{lacking}” there: until somebody who manages this server gives it to me, I "
        "cannot answer."
    )


def overruled(scope: Scope) -> str:
    """Say that a mode of a thread would have no effect."""
    return (
        f"Nothing is answered in {SCOPE_NAMES[scope]}, which holds in its threads as well: somebody who manages the "
        "server can change that with /answer."
    )


@in_servers_only
class Answer(app_commands.Group, name="answer", description="Which messages I answer here"):
    """Answers the commands."""

    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._policy = services.intake_policy

    def add_to(self, tree: Tree) -> None:
        """Add the commands."""
        tree.add_command(self)

    @app_commands.command(
        name="show", description="Show which messages are answered here, and where that was set"
    )
    @app_commands.describe(channel=CHANNEL_HELP)
    async def show(self, interaction: Interaction, channel: ChannelOption | None = None) -> None:
        """Show the mode in force."""
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        in_force = mode_in_force(await self._by_scope(invocation))
        said = shown(
            in_force,
            self._policy(),
            names_person=invocation.person.manages_server,
            elsewhere=invocation.elsewhere,
            kind=_kind_of(channel or interaction.channel),
        )
        await say(interaction, said)

    @app_commands.command(
        name="set", description="Choose which messages are answered in a thread, channel or server"
    )
    @app_commands.describe(mode=MODE_HELP, scope=SCOPE_HELP, channel=CHANNEL_HELP)
    async def set_(
        self,
        interaction: Interaction,
        mode: Mode,
        scope: ScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        """Set the mode of a scope."""
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        target = invocation.scope_target(scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        if target.scope is Scope.THREAD:
            found = mode_in_force(await self._by_scope(invocation))
            if (
                found is not None
                and found.mode is AnswerMode.NEVER
                and found.origin.scope is not Scope.THREAD
            ):
                await say(interaction, overruled(found.origin.scope))
                return
        place = None
        if target.scope is Scope.CHANNEL:
            known = interaction.client.get_channel(target.target)
            place = known if known is not None else channel or interaction.channel
        kind = _kind_of(place)
        if mode == "always" and kind is not None and (effect := ALWAYS.get(kind)) in NO_EFFECT:
            await say(interaction, without_effect(effect or ""))
            return
        await self._scope_settings.change(invocation.actor, target.scope, target.target, {ANSWER: mode})
        log.info("answer_mode_set", scope=target.scope.value, target=target.target, mode=mode)
        said = chosen(AnswerMode(mode), target.scope, self._policy(), invocation.elsewhere, kind)
        lacking = None
        if mode == "always" and place is not None:
            of_posts = ALWAYS.get(kind or discord.ChannelType.text) == EACH_POST
            needed = permissions.TO_ANSWER_POSTS if of_posts else permissions.TO_OPEN_AND_ANSWER
            lacking = permissions.bot_lacks(place, needed)
        await say(interaction, said if lacking is None else f"{said} {in_vain(lacking)}")

    @app_commands.command(name="clear", description="Remove what was chosen for a thread, channel or server")
    @app_commands.describe(scope=SCOPE_HELP, channel=CHANNEL_HELP)
    async def clear(
        self,
        interaction: Interaction,
        scope: ScopeOption | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        """Remove the mode of a scope."""
        await interaction.response.defer(ephemeral=True)
        invocation = (await resolve_invocation(interaction, self._conversations)).at(channel)
        target = invocation.scope_target(scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        removed = await self._scope_settings.change(
            invocation.actor, target.scope, target.target, {ANSWER: None}
        )
        log.info("answer_mode_cleared", scope=target.scope.value, target=target.target)
        await say(interaction, cleared(target.scope, was_set=bool(removed), elsewhere=invocation.elsewhere))

    async def _by_scope(self, invocation: Invocation) -> ByScope:
        return await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )


def _kind_of(channel: object) -> discord.ChannelType | None:
    """Return the kind of a channel, None for one that discord.py does not know."""
    kind = getattr(channel, "type", None)
    return kind if isinstance(kind, discord.ChannelType) else None
