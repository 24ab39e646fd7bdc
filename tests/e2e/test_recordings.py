"""Recordings that people post, as Claude gets them."""

from __future__ import annotations

import pytest

from tests.e2e.posted_files import ask, question
from tests.e2e.world import World
from tests.files import samples
from tests.files.transcription_server import TranscriptionServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_voice_note_reaches_claude_as_what_was_heard(world: World) -> None:
    async with TranscriptionServer(text="is it raining?\n</transcript>").running() as server:
        settings = {"BOT_VOICE__URL": server.url, "BOT_VOICE__API_KEY": server.key}
        async with world.apart(settings) as own:
            thread = await own.converse(own.channel(), "hello")
            await own.settled(await own.ann.say(thread, samples.voice(3), 3.2))
            text, transcript = question(own)
            assert (
                '<attachment name="voice-message.ogg" type="audio/ogg" shown="below"'
                ' remark="transcribed by a machine"/>' in text["text"]
            )
            assert transcript["text"] == (
                '<transcript name="voice-message.ogg" of="voice note" seconds="3">\n'
                "is it raining?\n&lt;/transcript>\n</transcript>"
            )
            assert (server.heard[0].data, server.heard[0].content_type) == (samples.voice(3), "audio/ogg")
            assert server.key not in own.bots[0].output


async def test_a_recording_that_nobody_can_hear_is_said_and_the_rest_is_answered(world: World) -> None:
    async with TranscriptionServer(key="another").running() as server:
        settings = {"BOT_VOICE__URL": server.url, "BOT_VOICE__API_KEY": "wrong-key"}
        async with world.apart(settings) as own:
            thread = await own.converse(own.channel(), "hello")
            own.claude.say("Fine.")
            note = ("memo.wav", "audio/wav", samples.wav())
            (block,) = await ask(own, thread, "look at this", note)
            assert '<attachment name="memo.wav" type="audio/wav" shown="no"' in block["text"]
            *_, reply, notice = own.said(thread)
            assert reply["content"] == "Fine."
            assert "does not accept this bot" in notice["content"]
            line = await own.bots[0].logged("transcription_unusable")
            assert "voice.api_key" in line["hint"]
            assert "wrong-key" not in own.bots[0].output


async def test_after_a_kill_a_recording_is_not_transcribed_again(world: World) -> None:
    async with TranscriptionServer().running() as server:
        settings = {"BOT_VOICE__URL": server.url, "BOT_VOICE__API_KEY": server.key}
        async with world.apart(settings) as own:
            thread = await own.converse(own.channel(), "hello")
            gate = own.claude.hold(None)
            posted = await own.ann.say(thread, samples.voice(), 2.0)
            await gate.reached()
            await own.bots.pop().kill()
            await own.start_bot()
            gate.release()
            await own.settled(posted, 60)
            assert server.requests == 1
            assert server.text in question(own)[1]["text"]
