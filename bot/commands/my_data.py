"""/my data: everything that the bot keeps about a person, as a file that only they see."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands

from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.forget import identity_of
from bot.commands.interactions import Interaction, say
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.limits import when
from bot.store.examined import KeptMessage, KeptUsage
from bot.turns.person_data import Kept

MOST_BYTES = 8_000_000
"""Discord takes files of 10 MB at least ("Uploading Files")."""

PAUSE_MS = 5 * 60_000
"""How long a person waits for the next file: each one takes a walk over everything that is kept, of everybody."""

UNDER_WAY = "I am still collecting your last file. You get it as soon as I have looked through everything."
TOO_SOON = "I have just looked through everything for you. Please ask me again {when}."
NOTHING = "I keep nothing about you, except for a short time that you have used this command."


@in_servers_and_dms
class MyData(app_commands.Group, name="my", description="What I keep about you"):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._forgetting = services.forgetting
        self._clock = services.clock
        self._under_way: set[int] = set()
        self._next_ms: dict[int, int] = {}

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(name="data", description="Get a file of everything that I keep about you")
    async def data(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        person, now_ms = interaction.user.id, self._clock.now_ms()
        self._next_ms = {each: at_ms for each, at_ms in self._next_ms.items() if at_ms > now_ms}
        if person in self._under_way:
            await say(interaction, UNDER_WAY)
            return
        if person in self._next_ms:
            await say(interaction, TOO_SOON.format(when=when(self._next_ms[person])))
            return
        self._under_way.add(person)
        try:
            await self._send(interaction)
        finally:
            self._under_way.discard(person)

    async def _send(self, interaction: Interaction) -> None:
        kept = await self._forgetting.data.kept(identity_of(interaction))
        self._next_ms[interaction.user.id] = self._clock.now_ms() + PAUSE_MS
        if not kept:
            await say(interaction, NOTHING)
            return
        data, left_out = document(interaction.user.id, interaction.user.name, kept)
        text = (
            f"Here is what I keep about you: {len(kept.messages)} messages, {len(kept.settings)} settings and "
            f"prompts, {len(kept.acts)} entries in audit logs, {len(kept.usage)} rows of usage, {len(kept.rules)} "
            f"rules about you, {len(kept.quotes)} quotes of you, {len(kept.facts)} facts that you had me remember, "
            f"{len(kept.reminders)} reminders, and data that consists of ids and numbers only."
        )
        if left_out:
            text += (
                f" The file would be too large for Discord, so the oldest {left_out} messages are left out."
            )
        text += " `/forget me` removes what you wrote."
        await say(interaction, text, files=[discord.File(io.BytesIO(data), "my-data.json")])


def document(person: int, username: str, kept: Kept) -> tuple[bytes, int]:
    """Return the file as JSON, and how many of the oldest messages did not fit into it."""
    left_out = 0
    shown = [_message(each) for each in kept.messages]
    sizes = [len(json.dumps(each, ensure_ascii=False).encode(errors="replace")) + 100 for each in shown]
    size = sum(sizes)
    while size > MOST_BYTES and left_out < len(shown):
        size -= sizes[left_out]
        left_out += 1
    made = {
        "person": {"id": str(person), "username": username},
        "messages": shown[left_out:],
        "messages_left_out": left_out,
        "settings": [_with_time(asdict(each)) for each in kept.settings],
        "acts": [_with_time(asdict(each)) for each in kept.acts],
        "usage": [_usage(each) for each in kept.usage],
        "rules_about_you": [_with_time(asdict(each)) for each in kept.rules],
        "conversations_begun": [str(each) for each in kept.started],
        "quotes_of_you": [_ids_as_texts(asdict(each)) for each in kept.quotes],
        "files_as_read": [_ids_as_texts(asdict(each)) for each in kept.files],
        "facts_remembered": [_with_time(asdict(each)) for each in kept.facts],
        "by_ids_and_numbers": [asdict(each) for each in kept.values],
        "reminders": [_with_time(asdict(each)) for each in kept.reminders],
    }
    return json.dumps(made, ensure_ascii=False, indent=2).encode(errors="replace"), left_out


def _message(kept: KeptMessage) -> dict[str, object]:
    return {
        "conversation": str(kept.conversation),
        "id": None if kept.id is None else str(kept.id),
        "written": _time(kept.written_ms),
        "text": kept.text,
        "files": list(kept.files),
        **({"reply": kept.reply} if kept.reply else {}),
    }


def _usage(kept: KeptUsage) -> dict[str, object]:
    day = f"{kept.day[:4]}-{kept.day[4:6]}-{kept.day[6:]}"
    return {
        "conversation": str(kept.conversation),
        "day": day,
        "model": kept.model,
        **asdict(kept.counts),
    }


def _with_time(fields: dict[str, Any]) -> dict[str, object]:
    at_ms = fields.pop("at_ms")
    return {**_ids_as_texts(fields), "at": _time(at_ms)}


def _ids_as_texts(fields: dict[str, Any]) -> dict[str, object]:
    """Return ids as strings: many JSON parsers read numbers as doubles, which cannot hold a snowflake."""
    return {name: str(value) if type(value) is int else value for name, value in fields.items()}


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
