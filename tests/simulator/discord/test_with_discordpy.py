"""The unmodified discord.py against the local Discord."""

from __future__ import annotations

import asyncio

import discord as discordpy
import pytest

from tests.simulator.discord.conftest import Client, Scene, running

pytestmark = pytest.mark.usefixtures("pointed")


async def test_a_message_becomes_a_thread_in_which_the_bot_posts_and_edits(scene: Scene) -> None:
    client = Client()
    got: asyncio.Queue[discordpy.Message] = asyncio.Queue()
    client.on_message = got.put  # type: ignore[attr-defined]
    async with running(client):
        posted = await scene.ann.post(scene.text, f"hello <@{scene.app.user_id}>")
        message = await asyncio.wait_for(got.get(), 5)
        assert message.content == posted["content"]
        assert [each.id for each in message.mentions] == [scene.app.user_id]
        thread = await message.create_thread(name="A talk")
        assert thread.id == message.id
        reply = await thread.send("one")
        await reply.edit(content="two")
    shown = scene.discord.messages(thread.id)
    assert [each["type"] for each in shown] == [21, 0]
    assert [each.content for each in scene.discord.history(reply.id)] == ["one", "two"]
