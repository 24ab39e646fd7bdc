"""/memory: the facts that are remembered for later conversations in the place where the command is used."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import discord
import structlog
from discord import app_commands

from bot.commands import code_block, permission_rules
from bot.commands.admission import Admission
from bot.commands.audit_notes import note
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.audit import Act
from bot.conversation.errors import StoreUnavailable
from bot.conversation.memory import MOST_FACT_CHARS, Fact, MemoryPlace
from bot.conversation.message import first_id, written_at
from bot.conversation.visible import plain
from bot.conversation.wording import small
from bot.tools.memory import REMEMBER
from bot.tools.tool import ToolContext, ToolFailed, ToolPlace

log = structlog.get_logger()

RULE = permission_rules.Rule(("manages_server",))
"""Who may see and remove the facts of others; everybody may see and remove their own."""

MOST_CHOICES = 25
"""The most choices of an autocompletion (Discord, "Autocomplete")."""

CHOICE_CHARS = 100
AUTOCOMPLETE_S = 0.8
"""Bounds the lookup for an autocompletion, which Discord requests at each keystroke."""

OWN_HEADING = "The facts of yours that I use here"
ALL_HEADING = "The facts that I use here"
ELSEWHERE = (
    "Facts from direct messages, or from a private thread or channel, are shown only there; `/my data` lists all "
    "facts of yours."
)
NOTHING = f"I remember no facts of yours here. {ELSEWHERE}"
NOTHING_AT_ALL = "I remember no facts here."
NO_SUCH = "There is no such fact of yours here. /memory show lists the facts."
FORGOTTEN = (
    "Forgotten: no conversation gets this fact any more, and it is removed from those that have it. What people and "
    "I said about it stays; /reset clears that."
)
OFF = (
    "I cannot remember facts here: the tool `remember` is off. Somebody who may set the tools here can switch it on "
    "with /tools set."
)
OFF_IN_DMS = (
    "I cannot remember facts here: the tool `remember` is off. /tools show tells where that was set; which tools are "
    "on in direct messages, whoever runs me chooses."
)


@dataclass(frozen=True, slots=True)
class _VisibleFacts:
    """The facts that a person sees here, and the places that they are from."""

    facts: tuple[Fact, ...]
    places: tuple[MemoryPlace, ...]
    sees_all: bool


@in_servers_and_dms
class MemoryCommands(
    app_commands.Group, name="memory", description="What I remember for later conversations"
):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._services = services
        self._admission = Admission(services)

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(
        name="show", description="Show the facts that you had me remember here; to managers, everybody's"
    )
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._services.conversations)
        visible = await self._visible(interaction, invocation)
        if not visible.facts:
            await say(interaction, NOTHING_AT_ALL if visible.sees_all else NOTHING)
            return
        heading = ALL_HEADING if visible.sees_all else OWN_HEADING
        text, files = code_block.shown(heading, listed(visible.facts), "memory.txt", most_chars=1500)
        await say(interaction, f"{text}\n{small(ELSEWHERE)}", files=files)

    @app_commands.command(name="forget", description="Forget a fact that I remember here")
    @app_commands.describe(fact="One of your facts; if you manage the server, any fact")
    async def forget(self, interaction: Interaction, fact: str) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._services.conversations)
        visible = await self._visible(interaction, invocation)
        found = next((each for each in visible.facts if each.id == fact.strip()), None)
        if found is None or not await self._services.memory.memories.forget(visible.places, found):
            await say(interaction, NO_SUCH)
            return
        if found.author.id != interaction.user.id:
            person = str(found.author.id)
            await note(self._services.audit_log, invocation, Act.FACT_FORGOTTEN, before=person, server=True)
        log.info("fact_forgotten", place=invocation.actor.home, own=found.author.id == interaction.user.id)
        await say(interaction, FORGOTTEN)

    @app_commands.command(name="remember", description="Have me remember a fact for later conversations here")
    @app_commands.describe(
        fact="One fact that can be understood by itself",
        about_me="Whether it is about you: then Claude sees it only when you ask",
    )
    async def remember(
        self,
        interaction: Interaction,
        fact: app_commands.Range[str, 1, MOST_FACT_CHARS],
        about_me: bool = False,
    ) -> None:
        """Remember a fact. The person wrote it, so no card asks for their permission."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._services.conversations)
        refusal = await self._admission.refusal(
            interaction, thread=invocation.conversation, channel=invocation.channel
        )
        if refusal is None and not await self._is_on(invocation):
            refusal = OFF_IN_DMS if invocation.is_direct else OFF
        if refusal is not None:
            await say(interaction, refusal)
            return
        context = ToolContext(
            place=place_of(interaction, invocation),
            asker=interaction.user.id,
            key=hashlib.sha256(str(interaction.id).encode()).hexdigest(),
            turn=interaction.id,
        )
        try:
            await say(interaction, await self._services.memory.remember(context, fact, about_me))
        except ToolFailed as error:
            await say(interaction, str(error))

    @forget.autocomplete("fact")
    async def autocomplete_fact(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the facts that contain what was typed; none while the store is slow."""
        try:
            async with asyncio.timeout(AUTOCOMPLETE_S):
                invocation = await resolve_invocation(interaction, self._services.conversations)
                visible = await self._visible(interaction, invocation)
        except (StoreUnavailable, TimeoutError):
            return []
        wanted = plain(typed).casefold()
        fitting = [fact for fact in reversed(visible.facts) if wanted in plain(fact.text).casefold()]
        return [
            app_commands.Choice(name=plain(fact.text)[:CHOICE_CHARS], value=fact.id)
            for fact in fitting[:MOST_CHOICES]
        ]

    async def _visible(self, interaction: Interaction, invocation: Invocation) -> _VisibleFacts:
        memory = self._services.memory
        places = memory.places.now(place_of(interaction, invocation)).readable
        facts = await memory.memories.of(places)
        sees_all = RULE.allows(invocation.person)
        own = tuple(fact for fact in facts if sees_all or fact.author.id == interaction.user.id)
        return _VisibleFacts(own, places, sees_all)

    async def _is_on(self, invocation: Invocation) -> bool:
        by_scope = await self._services.scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        return any(tool.name == REMEMBER for tool in self._services.tools.definitions(by_scope))


def place_of(interaction: Interaction, invocation: Invocation) -> ToolPlace:
    """Return the place of a command, as tools see it."""
    channel = interaction.channel
    return ToolPlace(
        interaction.channel_id or 0,
        invocation.channel,
        invocation.server,
        is_private=isinstance(channel, discord.Thread) and channel.is_private(),
    )


def listed(facts: Sequence[Fact]) -> str:
    """Return a line for each fact, with its author and date."""
    return "\n".join(
        f"- {plain(fact.text)} ({fact.author.username}, {written_at(first_id(fact.at_ms))}"
        f"{', used only for them' if fact.is_about_author else ''})"
        for fact in facts
    )
