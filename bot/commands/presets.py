"""/system preset: system prompts that a server keeps by name."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

import discord
import structlog
from discord import app_commands

from bot.commands import code_block, permission_rules
from bot.commands.admission import Admission
from bot.commands.audit_notes import note
from bot.commands.interactions import Interaction, lookup_deadline, say
from bot.commands.invocation import resolve_invocation
from bot.commands.modal import TextModal
from bot.commands.scopes import SCOPE_HELP, Refusals, ScopeOption, for_scope, scope_name
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.audit import Act
from bot.conversation.audit_view import code
from bot.conversation.errors import StoreUnavailable
from bot.conversation.model import narrowest
from bot.conversation.scope import SYSTEM, Scope
from bot.conversation.visible import is_blank, plain
from bot.store.presets import MOST_PRESETS, Preset

log = structlog.get_logger()

RULE = permission_rules.Rule(("manages_server",))
"""Who may save and delete presets; presets in direct messages are the person's own."""

PRESET_ID = "bobbin:preset"
"""The prefix of the modal's custom id; the name of the preset follows."""

PROMPT_FIELD = "prompt"
NAME_CHARS = 40
AUTOCOMPLETE_S = 0.8
"""Bounds the lookup for an autocompletion, which Discord requests at each keystroke."""

MAY_NOT_SAVE = RULE.refusal("save a preset")
MAY_NOT_DELETE = RULE.refusal("delete a preset")
NO_NAME = "A preset needs a name with visible characters."
EMPTY = "A preset cannot be empty. To delete a preset, use /system preset delete."
NONE_YET = "There are no presets here yet. /system preset save makes one."
FULL = (
    f"There are already {MOST_PRESETS} presets here, which is the most. Delete one with /system preset delete, then "
    "save yours again; its text is attached."
)


def no_such(name: str) -> str:
    """Say that there is no preset of a name."""
    return f"There is no preset named {code(name)} here. /system preset list shows all presets."


def saved(name: str, *, replaced: bool) -> str:
    how = "is changed. Prompts that were set from it stay as they are" if replaced else "is saved"
    return f"The preset {code(name)} {how}. Set it with /system preset use."


def used(name: str, scope: Scope, *, is_direct: bool = False) -> str:
    """Say that a preset was set as a prompt."""
    where = scope_name(scope, is_direct=is_direct)
    return (
        f"The prompt of {where} is now the preset {code(name)}. It applies from the next reply on, and "
        "does not change if the preset is changed later."
    )


def deleted(name: str) -> str:
    return f"The preset {code(name)} is deleted. Prompts that were set from it stay as they are."


def listed(presets: Mapping[str, Preset], *, names_people: bool) -> str:
    """Return a line for each preset: name, length, when it was saved, and with `names_people` by whom."""
    return "\n".join(
        f"{code(name)}: {len(preset.text)} characters, saved <t:{preset.at_ms // 1000}:R>"
        f"{f' by <@{preset.by}>' if names_people else ''}"
        for name, preset in presets.items()
    )


class Presets(app_commands.Group, name="preset", description="Prompts that are kept by name"):
    """Answers the commands and the modal."""

    def __init__(self, services: CommandServices, refusals: Refusals) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._presets = services.presets
        self._audit_log = services.audit_log
        self._clock = services.clock
        self._default = services.default
        self._refusals = refusals

    def add_to(self, tree: Tree) -> None:
        tree.add_modal(rf"{PRESET_ID}:(?P<name>.+)", self.submitted)

    @app_commands.command(name="save", description="Save a prompt under a name, for everybody here")
    @app_commands.describe(name="The name; an existing preset of that name is changed")
    async def save(self, interaction: Interaction, name: app_commands.Range[str, 1, NAME_CHARS]) -> None:
        """Open the modal with the text of the preset; for a new name, with the prompt in force here."""
        name = plain(name)
        async with lookup_deadline():
            invocation = await resolve_invocation(interaction, self._conversations)
            preset = await self._presets.get(invocation.actor.home, name)
            by_scope = await self._scope_settings.choices(
                thread=invocation.conversation, channel=invocation.channel, server=invocation.server
            )
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_SAVE)
        elif not name:
            await say(interaction, NO_NAME)
        else:
            in_force = narrowest([*by_scope.values(), self._default]).system or ""
            await interaction.response.send_modal(
                TextModal(
                    title="Preset of a system prompt",
                    custom_id=f"{PRESET_ID}:{name}",
                    field=PROMPT_FIELD,
                    label="How Claude is to behave",
                    description="Saved under its name. It applies where somebody uses it.",
                    text=in_force if preset is None else preset.text,
                )
            )

    async def submitted(self, interaction: Interaction, *, values: Mapping[str, str], name: str) -> None:
        """Save the preset that was written in the modal."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        name, prompt = plain(name)[:NAME_CHARS], values.get(PROMPT_FIELD, "").strip()
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_SAVE)
            return
        if is_blank(prompt) or not name:
            await say(interaction, EMPTY if name else NO_NAME)
            return
        actor = invocation.actor
        before = await self._presets.get(actor.home, name)
        if not await self._presets.save(actor, name, prompt, self._clock.now_ms()):
            await say(interaction, FULL, files=[discord.File(io.BytesIO(prompt.encode()), "preset.txt")])
            return
        await note(
            self._audit_log,
            invocation,
            Act.PRESET_SAVED,
            before=str(0 if before is None else len(before.text)),
            after=str(len(prompt)),
            server=True,
        )
        log.info("preset_saved", server=actor.home, chars=len(prompt), replaced=before is not None)
        await say(interaction, saved(name, replaced=before is not None))

    @app_commands.command(
        name="use", description="Set a preset as the prompt of a conversation, channel or server"
    )
    @app_commands.describe(name="The preset", scope=SCOPE_HELP)
    async def use(self, interaction: Interaction, name: str, scope: ScopeOption | None = None) -> None:
        """Set a preset as a prompt."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        target = await self._admission.scope_target(interaction, invocation, scope, self._refusals)
        if isinstance(target, str):
            await say(interaction, target)
            return
        preset = await self._presets.get(invocation.actor.home, plain(name))
        if preset is None:
            await say(interaction, no_such(name))
            return
        await self._scope_settings.change(
            invocation.actor,
            target.scope,
            target.target,
            {SYSTEM: for_scope(interaction, target.scope, preset.text)},
        )
        log.info("prompt_set", scope=target.scope.value, target=target.target, chars=len(preset.text))
        await say(interaction, used(plain(name), target.scope, is_direct=invocation.is_direct))

    @app_commands.command(name="list", description="Show the presets, or the text of one preset")
    @app_commands.describe(name="The preset whose text is shown")
    async def list_(self, interaction: Interaction, name: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        presets = await self._presets.all(invocation.actor.home)
        if name is not None:
            if (preset := presets.get(plain(name))) is None:
                await say(interaction, no_such(name))
                return
            text, files = code_block.shown(
                f"The preset {code(name)}", preset.text, "preset.txt", most_chars=1500
            )
            await say(interaction, text, files=files)
        elif presets:
            shown = listed(presets, names_people=RULE.allows(invocation.person))
            await say(interaction, "", embeds=[discord.Embed(title="Presets", description=shown)])
        else:
            await say(interaction, NONE_YET)

    @app_commands.command(name="delete", description="Delete a preset")
    @app_commands.describe(name="The preset")
    async def delete(self, interaction: Interaction, name: str) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        home, name = invocation.actor.home, plain(name)
        if not RULE.allows(invocation.person):
            await say(interaction, MAY_NOT_DELETE)
            return
        preset = await self._presets.get(home, name)
        if preset is None or not await self._presets.delete(home, name):
            await say(interaction, no_such(name))
            return
        chars = str(len(preset.text))
        await note(self._audit_log, invocation, Act.PRESET_DELETED, before=chars, server=True)
        log.info("preset_deleted", server=home)
        await say(interaction, deleted(name))

    @save.autocomplete("name")
    @use.autocomplete("name")
    @list_.autocomplete("name")
    @delete.autocomplete("name")
    async def autocomplete_name(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the names that contain what was typed; none while the store is slow."""
        home = interaction.guild_id or interaction.channel_id or 0
        try:
            async with asyncio.timeout(AUTOCOMPLETE_S):
                names = await self._presets.names(home)
        except (StoreUnavailable, TimeoutError):
            return []
        wanted = plain(typed).casefold()
        fitting = [name for name in names if wanted in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:MOST_PRESETS]]
