"""/reset and /system: what the bot remembers, and how it is to behave."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

import discord
import structlog
from discord import app_commands

from bot.conversation.errors import DiscordError
from bot.gateway import answers
from bot.gateway.access import may_choose, may_reset
from bot.gateway.interactions import Interaction, conclude, in_time, say
from bot.gateway.reach import everywhere
from bot.gateway.scene import SCOPE_HELP, Refusals, Spot, look_around
from bot.render.mark import is_marked
from bot.render.outbox import Outbox, Seen
from bot.store.conversations import Conversations
from bot.store.prompts import Prompts, Scope
from bot.turns.dispatch import Dispatcher

log = structlog.get_logger()

RESET_ID = "bobbin:reset"
KEEP_ID = "bobbin:keep"
PROMPT_ID = "bobbin:system"
"""The beginnings of custom ids; the state stands behind them, so that they work after a restart and in every
instance."""

ARRIVED_S = 1.5
"""A call to Discord that was cancelled here may still take effect there; hardly later than this."""

LONGEST_TURN = dt.timedelta(minutes=15)
"""No reply takes longer; so much of a thread is looked through for one that was stopped."""

REFUSALS = Refusals(answers.ONLY_IN_SERVERS, answers.MAY_NOT_SET)

PROMPT_FIELD = "prompt"
PROMPT_CHARS = 4000
"""The most that a modal's text input holds (Discord, components/reference, "Text Input")."""


class Memory:
    """Answers the commands, the buttons and the modal that go with them."""

    def __init__(
        self,
        conversations: Conversations,
        prompts: Prompts,
        dispatcher: Dispatcher,
        outbox: Outbox,
        *,
        default_prompt: str,
    ) -> None:
        self._conversations = conversations
        self._prompts = prompts
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._default_prompt = default_prompt

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the commands."""

        @tree.command(name="reset", description="Make me forget this conversation")
        @everywhere
        async def reset(interaction: Interaction) -> None:
            await self._ask_to_reset(interaction)

        system = everywhere(
            app_commands.Group(name="system", description="How I am to behave here: the system prompt")
        )

        @system.command(name="show", description="Show the prompt that counts here")
        async def show(interaction: Interaction) -> None:
            await self._show(interaction)

        @system.command(name="set", description="Set the prompt of this thread, channel or server")
        @app_commands.describe(scope=SCOPE_HELP)
        async def set_(interaction: Interaction, scope: Scope | None = None) -> None:
            await self._ask_for_prompt(interaction, scope)

        @system.command(name="clear", description="Remove the prompt of this thread, channel or server")
        @app_commands.describe(scope=SCOPE_HELP)
        async def clear(interaction: Interaction, scope: Scope | None = None) -> None:
            await self._clear(interaction, scope)

        tree.add_command(system)

    async def pressed(self, interaction: Interaction, custom_id: str) -> bool:
        """Answer a button; False if it is none of these."""
        kind, _, target = custom_id.rpartition(":")
        if kind == KEEP_ID:
            await interaction.response.edit_message(content=answers.KEPT, view=None)
            return True
        if kind != RESET_ID:
            return False
        await interaction.response.defer()
        scene = await look_around(interaction, self._conversations)
        if not may_reset(scene.person):
            await say(interaction, answers.MAY_NOT_RESET)
            return True
        turns = await self._reset(int(target), before=interaction.id)
        await conclude(interaction, answers.forgotten(turns))
        # What was on its way to Discord when the turn was stopped has arrived by now.
        await asyncio.sleep(ARRIVED_S)
        await self._clear_away(int(target), before=interaction.id)
        return True

    async def submitted(self, interaction: Interaction, custom_id: str, values: dict[str, str]) -> bool:
        """Answer a modal; False if it is none of these."""
        kind, _, rest = custom_id.rpartition(":")
        kind, _, name = kind.rpartition(":")
        if kind != PROMPT_ID:
            return False
        scope = Scope(name)
        await interaction.response.defer(ephemeral=True, thinking=True)
        scene = await look_around(interaction, self._conversations)
        prompt = values.get(PROMPT_FIELD, "").strip()
        if not may_choose(scene.person, scope):
            await say(interaction, answers.MAY_NOT_SET[scope])
        elif not prompt:
            await say(interaction, answers.EMPTY_PROMPT)
        else:
            await self._prompts.set(scope, int(rest), prompt)
            log.info("prompt_set", scope=scope.value, target=int(rest), chars=len(prompt))
            await say(interaction, answers.prompt_set(scope))
        return True

    async def _ask_to_reset(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await look_around(interaction, self._conversations)
        if scene.conversation is None:
            await say(interaction, answers.NOT_A_CONVERSATION)
        elif not may_reset(scene.person):
            await say(interaction, answers.MAY_NOT_RESET)
        else:
            view = discord.ui.View(timeout=None)
            forget = discord.ui.Button[discord.ui.View](
                style=discord.ButtonStyle.danger,
                label="Forget it all",
                custom_id=f"{RESET_ID}:{scene.conversation}",
            )
            keep = discord.ui.Button[discord.ui.View](label="Keep it", custom_id=f"{KEEP_ID}:0")
            view.add_item(forget)
            view.add_item(keep)
            await say(interaction, answers.RESET_QUESTION, view=view)

    async def _reset(self, conversation: int, *, before: int) -> int:
        await self._dispatcher.halt(conversation)
        turns, half_written = await self._conversations.reset(conversation, before=before)
        await self._delete(conversation, half_written)
        log.info("conversation_reset", conversation=conversation, turns=turns)
        self._dispatcher.wake(conversation)
        return turns

    async def _clear_away(self, conversation: int, *, before: int) -> None:
        """Delete what a stopped turn has left unfinished: nobody will go on with it."""
        since = discord.utils.time_snowflake(discord.utils.utcnow() - LONGEST_TURN)
        try:
            seen = await self._outbox.own_messages(conversation, since)
        except DiscordError as error:
            log.info("leftovers_unknown", conversation=conversation, kind=type(error).__name__)
            return
        await self._delete(conversation, left_behind(seen, before))

    async def _delete(self, conversation: int, messages: Sequence[int]) -> None:
        for message in messages:
            try:
                await self._outbox.delete(conversation, message)
            except DiscordError as error:
                log.info("leftover_not_deleted", conversation=conversation, kind=type(error).__name__)

    async def _show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await look_around(interaction, self._conversations)
        by_scope = await self._prompts.by_scope(
            thread=scene.conversation, channel=scene.channel, server=scene.server
        )
        text, files = answers.prompt_shown(by_scope, self._default_prompt)
        await say(interaction, text, files=files)

    async def _ask_for_prompt(self, interaction: Interaction, chosen: Scope | None) -> None:
        # Discord takes a modal only as the first answer, so this one cannot be put off.
        async with in_time():
            scene = await look_around(interaction, self._conversations)
            spot = scene.spot(chosen, REFUSALS)
            present = await self._prompts.get(spot.scope, spot.target) if isinstance(spot, Spot) else None
        if isinstance(spot, str):
            await say(interaction, spot)
            return
        modal = discord.ui.Modal(
            title=f"System prompt of this {spot.scope.value}",
            custom_id=f"{PROMPT_ID}:{spot.scope.value}:{spot.target}",
        )
        field = discord.ui.TextInput[discord.ui.Modal](
            style=discord.TextStyle.paragraph,
            custom_id=PROMPT_FIELD,
            default=present,
            max_length=PROMPT_CHARS,
        )
        modal.add_item(
            discord.ui.Label(
                text="How Claude is to behave",
                description="It counts from the next reply on.",
                component=field,
            )
        )
        await interaction.response.send_modal(modal)
        modal.stop()  # it is answered by its custom id, also after a restart and by another instance

    async def _clear(self, interaction: Interaction, chosen: Scope | None) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await look_around(interaction, self._conversations)
        spot = scene.spot(chosen, REFUSALS)
        if isinstance(spot, str):
            await say(interaction, spot)
            return
        was_set = await self._prompts.clear(spot.scope, spot.target)
        log.info("prompt_cleared", scope=spot.scope.value, target=spot.target)
        await say(interaction, answers.prompt_cleared(spot.scope, was_set=was_set))


def left_behind(seen: Sequence[Seen], before: int) -> list[int]:
    """Return the unfinished messages of replies to what was written before an id.

    `seen` are the bot's own messages, oldest first. Only the first message of a reply points to what it answers.
    """
    found: list[int] = []
    answers_to = 0
    for message in seen:
        answers_to = message.reply_to or answers_to
        if answers_to <= before and is_marked(message.content):
            found.append(message.id)
    return found
