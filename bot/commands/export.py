"""/export: a thread as a file, for people who can read the thread."""

from __future__ import annotations

import asyncio
import io
from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.export import Export, Listing, fitting, to_json, to_markdown
from bot.conversation.export_html import to_html
from bot.gateway import permissions

log = structlog.get_logger()

Format = Literal["html", "markdown", "json"]

RENDERERS = {"html": (to_html, "html"), "markdown": (to_markdown, "md"), "json": (to_json, "json")}
"""The function that renders each format, and its file extension."""

MARGIN_BYTES = 2_000
"""Discord's limit is for the file; this leaves room for the rest of the request."""

MAY_NOT_READ = "You lack the permission “{}” here, so I cannot export this thread for you."
UNDER_WAY = "I am still writing your last file. Please try again once you have it."
EMPTY = "There is nothing to export yet: nothing was said here."
ONLY_THE_LATEST = "The conversation is too long: this file holds only its latest {} messages."


class Exports:
    """Answers the command from what Discord lists, so that the file shows what people see there."""

    def __init__(self, services: CommandServices) -> None:
        self._conversations = services.conversations
        self._list_thread = services.list_thread
        self._clock = services.clock
        self._rendering = asyncio.Semaphore(1)  # rendering occupies a processor for seconds
        self._under_way: set[int] = set()

    def add_to(self, tree: Tree) -> None:
        tree.command(name="export", description="Get this conversation as a file")(self.export)

    @app_commands.describe(format="A page to read or print (the default), Markdown, or JSON for programs")
    @in_servers_and_dms
    async def export(self, interaction: Interaction, format: Format = "html") -> None:  # noqa: A002 - the option's name
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        if (refusal := await self._refusal(interaction, invocation)) is not None:
            await say(interaction, refusal)
            return
        person = interaction.user.id
        if person in self._under_way:
            await say(interaction, UNDER_WAY)
            return
        self._under_way.add(person)
        try:
            await self._send(interaction, invocation, format)
        finally:
            self._under_way.discard(person)

    async def _send(self, interaction: Interaction, invocation: Invocation, format: Format) -> None:  # noqa: A002 - as above
        conversation = invocation.conversation or 0
        thread = interaction.channel if isinstance(interaction.channel, discord.Thread) else None
        listing = await self._list_thread(
            conversation, guild=invocation.server, parent=None if thread is None else thread.parent_id
        )
        if not listing.messages:
            await say(interaction, EMPTY)
            return
        export = _export(conversation, thread, listing, self._clock.now_ms())
        render, ending = RENDERERS[format]
        most_bytes = interaction.filesize_limit - MARGIN_BYTES
        async with self._rendering:
            data = await asyncio.to_thread(fitting, export, render, most_bytes)
        log.info(
            "thread_exported",
            conversation=conversation,
            format=format,
            messages=len(export.messages),
            bytes=len(data),
        )
        file = discord.File(io.BytesIO(data), f"{export.file_name}.{ending}")
        await say(interaction, "\n".join([_count_line(listing), *export.remarks]), files=[file])

    async def _refusal(self, interaction: Interaction, invocation: Invocation) -> str | None:
        if invocation.conversation is None or await self._conversations.meta(invocation.conversation) is None:
            return invocation.not_a_conversation
        if invocation.server is None:
            return None
        lacking = permissions.first_lacking(interaction.permissions, permissions.TO_READ)
        return None if lacking is None else MAY_NOT_READ.format(lacking)


def _export(conversation: int, thread: discord.Thread | None, listing: Listing, made_ms: int) -> Export:
    title, place = "Direct messages", "Direct messages"
    if thread is not None:
        parent = thread.parent
        title = thread.name
        place = thread.guild.name if parent is None else f"#{parent.name} · {thread.guild.name}"
    remarks = () if listing.is_whole else (ONLY_THE_LATEST.format(len(listing.messages)),)
    return Export(conversation, title, place, made_ms, listing.messages, remarks)


def _count_line(listing: Listing) -> str:
    count = len(listing.messages)
    return f"{count} message{'' if count == 1 else 's'}, as you see them here. Files are named, not included."
