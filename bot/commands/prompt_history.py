"""/system history: the changes of a prompt, with who, when and what differs, and a button to restore a version."""

from __future__ import annotations

import io
from collections.abc import Sequence

import discord
import structlog

from bot.commands.admission import Admission
from bot.commands.buttons import button, view_of
from bot.commands.code_block import fenced
from bot.commands.interactions import Interaction, say, update_message
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.scopes import Refusals, ScopeTarget, scope_name
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.prompt_history import difference
from bot.conversation.scope import SYSTEM, Scope
from bot.store.scope_settings import MOST_VERSIONS, Version

log = structlog.get_logger()

PAGE_ID = "bobbin:prompts"
"""The prefix of a button's custom id; the scope and the id of the version to show follow."""

RESTORE_ID = "bobbin:restore"
"""The prefix of a button's custom id; the scope and the id of the version to restore follow."""

INLINE_CHARS = 3500
"""A longer difference is attached: an embed's description holds 4,096 characters (Discord, "Embed Limits")."""

NO_DIFFERENCE = "It is the same as the version before."
NO_LONGER_KEPT = "I no longer keep that version. Use /system history again for those that I keep."
IN_FORCE = "That prompt is already set."


def never_set(scope: Scope, *, is_direct: bool = False) -> str:
    """Say that there is no history."""
    return f"As far as I remember, no prompt was ever set for {scope_name(scope, is_direct=is_direct)}."


def restored(scope: Scope, *, removed: bool, is_direct: bool = False) -> str:
    """Say that an earlier prompt is set again."""
    what = "is removed again" if removed else "is set again as it was"
    where = scope_name(scope, is_direct=is_direct)
    return f"The prompt of {where} {what}. That applies from the next reply on."


class PromptHistory:
    """Answers the command and its buttons, for everybody who may set the prompt."""

    def __init__(self, services: CommandServices, refusals: Refusals) -> None:
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._refusals = refusals

    def add_to(self, tree: Tree) -> None:
        version = rf"(?P<scope>{'|'.join(Scope)}):(?P<version>[0-9]+-[0-9]+)"
        tree.add_button(rf"{PAGE_ID}:{version}", self.turn_page)
        tree.add_button(rf"{RESTORE_ID}:{version}", self.restore)

    async def show(self, interaction: Interaction, scope: Scope | None) -> None:
        """Show the latest change."""
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        target = invocation.scope_target(scope, self._refusals)
        if isinstance(target, str):
            await say(interaction, target)
            return
        versions, current = await self._read(invocation, target)
        if not versions:
            await say(interaction, never_set(target.scope, is_direct=invocation.is_direct))
            return
        text, embed, files = page(target.scope, versions, 0, is_direct=invocation.is_direct)
        view = buttons_of(target.scope, versions, 0, current)
        await say(interaction, text, embeds=[embed], files=files, view=view)

    async def turn_page(self, interaction: Interaction, *, scope: str, version: str) -> None:
        """Show another change in the message whose button was pressed."""
        await interaction.response.defer()
        invocation = await resolve_invocation(interaction, self._conversations)
        target = invocation.scope_target(Scope(scope), self._refusals)
        if isinstance(target, str):
            await say(interaction, target)
            return
        versions, current = await self._read(invocation, target)
        index = _index(versions[:MOST_VERSIONS], version)
        if index is None:
            await say(interaction, NO_LONGER_KEPT)
            return
        await self._update(interaction, invocation, target.scope, versions, index, current)

    async def restore(self, interaction: Interaction, *, scope: str, version: str) -> None:
        """Set an earlier prompt again, which is a new change in the history."""
        await interaction.response.defer()
        invocation = await resolve_invocation(interaction, self._conversations)
        target = await self._admission.scope_target(interaction, invocation, Scope(scope), self._refusals)
        if isinstance(target, str):
            await say(interaction, target)
            return
        versions, current = await self._read(invocation, target)
        index = _index(versions, version)
        if index is None:
            await say(interaction, NO_LONGER_KEPT)
            return
        prompt = versions[index].text
        if prompt == current:
            await say(interaction, IN_FORCE)
            return
        await self._scope_settings.change(
            invocation.actor, target.scope, target.target, {SYSTEM: prompt or None}
        )
        log.info("prompt_restored", scope=target.scope.value, target=target.target, chars=len(prompt))
        versions, current = await self._read(invocation, target)
        outcome = restored(target.scope, removed=not prompt, is_direct=invocation.is_direct)
        await self._update(interaction, invocation, target.scope, versions, 0, current, outcome=outcome)

    async def _read(self, invocation: Invocation, target: ScopeTarget) -> tuple[tuple[Version, ...], str]:
        """Return the versions of a scope's prompt, the latest first, and the prompt that is set now, "" for none.

        Of MOST_VERSIONS + 1 versions the last one has no page, because the version before it is not kept.
        """
        versions = await self._scope_settings.versions(
            invocation.actor.home, target.target, count=MOST_VERSIONS + 1
        )
        by_scope = await self._scope_settings.by_scope(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        setting = by_scope[target.scope].get(SYSTEM)
        return versions, "" if setting is None else setting.value

    async def _update(
        self,
        interaction: Interaction,
        invocation: Invocation,
        scope: Scope,
        versions: Sequence[Version],
        index: int,
        current: str,
        *,
        outcome: str = "",
    ) -> None:
        text, embed, files = page(scope, versions, index, is_direct=invocation.is_direct)
        view = buttons_of(scope, versions, index, current)
        text = f"{outcome}\n{text}" if outcome else text
        await update_message(interaction, text, embeds=[embed], files=files, view=view)


def _index(versions: Sequence[Version], version: str) -> int | None:
    return next((index for index, each in enumerate(versions) if each.id == version), None)


def page(
    scope: Scope, versions: Sequence[Version], index: int, *, is_direct: bool = False
) -> tuple[str, discord.Embed, list[discord.File]]:
    """Show one change: who, when, and what differs from the prompt before."""
    version = versions[index]
    before = versions[index + 1].text if index + 1 < len(versions) else ""
    count = min(len(versions), MOST_VERSIONS)
    where = scope_name(scope, is_direct=is_direct)
    heading = f"The prompt of {where}: change {index + 1} of {count}, the latest first."
    what = "Set" if version.text else "Removed"
    when = version.at_ms // 1000
    who = f"{what} by <@{version.person}> <t:{when}:f> (<t:{when}:R>)"
    if not version.person:
        who = f"{what} before I began to keep a history."
    compared = difference(before, version.text)
    if not compared:
        return heading, discord.Embed(description=f"{who}\n{NO_DIFFERENCE}"), []
    shown = f"{who}\n```diff\n{fenced(compared)}\n```"
    if len(shown) <= INLINE_CHARS:
        return heading, discord.Embed(description=shown), []
    file = discord.File(io.BytesIO(compared.encode()), "difference.diff")
    return (
        heading,
        discord.Embed(description=f"{who}\nThe difference to the version before is attached."),
        [file],
    )


def buttons_of(scope: Scope, versions: Sequence[Version], index: int, current: str) -> discord.ui.View | None:
    """Return the buttons of a page: to the newer and older page, and to restore this version or the one before."""
    items = []
    if index > 0:
        items.append(button("Newer", f"{PAGE_ID}:{scope}:{versions[index - 1].id}"))
    if index + 1 < min(len(versions), MOST_VERSIONS):
        items.append(button("Older", f"{PAGE_ID}:{scope}:{versions[index + 1].id}"))
    if versions[index].text != current:
        items.append(_restore_button("Go back to this prompt", scope, versions[index]))
    elif index + 1 < len(versions):
        items.append(_restore_button("Go back to the one before", scope, versions[index + 1]))
    return view_of(*items)


def _restore_button(label: str, scope: Scope, version: Version) -> discord.ui.Button[discord.ui.View]:
    shown = label if version.text else "Go back to no prompt"
    return button(shown, f"{RESTORE_ID}:{scope}:{version.id}", discord.ButtonStyle.primary)
