"""Recordings to text, by a real server on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.config import VoiceSettings
from bot.files import transcribe
from bot.files.result import Problem, Recording, Transcript
from bot.files.transcribe import Transcriber
from bot.retry import Schedule
from tests.files import samples
from tests.files.transcription_server import TranscriptionServer
from tests.forward_proxy import NAME, ForwardProxy

VOICE = samples.voice()
OGG = Recording("ogg", "audio/ogg", 2.0)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TranscriptionServer]:
    monkeypatch.setattr(transcribe, "ONCE_MORE", Schedule(0.0, tries=2))
    async with TranscriptionServer().running() as running:
        yield running


def transcriber(url: str, **changes: Any) -> Transcriber:
    whole = VoiceSettings.model_validate({"url": url}).url
    assert whole is not None
    options = {
        "api_key": "voice-key",
        "model": "whisper-1",
        "max_seconds": 60.0,
        "timeout_s": 30.0,
        "text_chars": 1000,
    }
    return Transcriber(whole, **{**options, **changes})


@pytest.mark.parametrize("ending", ["", "/", "/audio/transcriptions"])
async def test_a_recording_is_sent_with_a_neutral_name_and_its_type(
    server: TranscriptionServer, ending: str
) -> None:
    made = await transcriber(server.url + ending).transcribe(VOICE, OGG)
    assert made == Transcript("hello there", 0, 2.0)
    (heard,) = server.heard
    assert (heard.filename, heard.content_type, heard.model) == ("recording.ogg", "audio/ogg", "whisper-1")
    assert heard.data == VOICE


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_server_is_tried_once_more(server: TranscriptionServer, status: int) -> None:
    server.faults.append(status)
    assert isinstance(await transcriber(server.url).transcribe(VOICE, OGG), Transcript)
    server.faults.extend([status, status])
    assert await transcriber(server.url).transcribe(VOICE, OGG) is Problem.NOT_HEARD
    assert server.requests == 4


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_recording_that_the_server_refuses_is_not_sent_again(
    server: TranscriptionServer, status: int
) -> None:
    server.faults.append(status)
    expected = Problem.TOO_LARGE if status == 413 else Problem.UNREADABLE
    assert await transcriber(server.url).transcribe(VOICE, OGG) is expected
    assert server.requests == 1


async def test_a_file_that_is_no_recording_of_its_type_is_unreadable(server: TranscriptionServer) -> None:
    assert await transcriber(server.url).transcribe(b"nothing", OGG) is Problem.UNREADABLE


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
async def test_a_transcript_without_words_is_a_problem_of_its_own(
    server: TranscriptionServer, text: str
) -> None:
    server.text = text
    assert await transcriber(server.url).transcribe(VOICE, OGG) is Problem.SILENT


async def test_a_long_transcript_is_cut_in_its_middle(server: TranscriptionServer) -> None:
    server.text = "one " * 1000
    made = await transcriber(server.url).transcribe(VOICE, OGG)
    assert isinstance(made, Transcript)
    assert made.left_out == 3000
    assert len(made.text) < 1100


async def test_half_of_a_surrogate_pair_does_not_reach_the_request(server: TranscriptionServer) -> None:
    server.faults.append(b'{"text": "hello \\ud83d there"}')
    made = await transcriber(server.url).transcribe(VOICE, OGG)
    assert isinstance(made, Transcript)
    made.text.encode()


async def test_a_recording_that_is_too_long_is_not_sent(server: TranscriptionServer) -> None:
    made = await transcriber(server.url).transcribe(VOICE, Recording("ogg", "audio/ogg", 61.0))
    assert made is Problem.TOO_LONG
    assert not server.requests


async def test_a_refused_key_is_one_line_for_the_operator_until_it_works_again(
    server: TranscriptionServer,
) -> None:
    stranger = transcriber(server.url, api_key="secret-key")
    with capture_logs() as logs:
        for _ in range(2):
            assert await stranger.transcribe(VOICE, OGG) is Problem.NO_LISTENER
        server.key = "secret-key"
        assert isinstance(await stranger.transcribe(VOICE, OGG), Transcript)
        server.key = "another"
        await stranger.transcribe(VOICE, OGG)
    assert [line["event"] for line in logs] == ["transcription_unusable"] * 2
    assert "voice.api_key" in logs[0]["hint"]
    assert "secret-key" not in str(logs)


@pytest.mark.parametrize(
    "body",
    [b"<html>hello</html>", b"[]", b'{"text": 1}', b"[" * 100_000, json.dumps("x" * 5_000_000).encode()],
)
async def test_an_answer_of_another_kind_of_server_is_a_wrong_setting(
    server: TranscriptionServer, body: bytes
) -> None:
    server.faults.append(body)
    with capture_logs() as logs:
        assert await transcriber(server.url).transcribe(VOICE, OGG) is Problem.NO_LISTENER
    assert "voice.url" in logs[0]["hint"]


async def test_a_model_that_the_server_does_not_know_is_a_wrong_setting(server: TranscriptionServer) -> None:
    with capture_logs() as logs:
        made = await transcriber(server.url, model="hearing-9").transcribe(VOICE, OGG)
    assert made is Problem.NO_LISTENER
    assert "voice.model" in logs[0]["hint"]


async def test_a_server_that_does_not_finish_its_answer_is_not_waited_for(
    server: TranscriptionServer,
) -> None:
    server.gate = asyncio.Event()
    assert await transcriber(server.url, timeout_s=0.2).transcribe(VOICE, OGG) is Problem.NOT_HEARD


async def test_a_slow_answer_is_waited_for(server: TranscriptionServer) -> None:
    server.gate = asyncio.Event()
    waiting = asyncio.create_task(transcriber(server.url).transcribe(VOICE, OGG))
    await server.reached.wait()
    server.gate.set()
    assert isinstance(await waiting, Transcript)


async def test_a_server_that_is_down_is_not_named_in_the_log(server: TranscriptionServer) -> None:
    with capture_logs() as logs:
        made = await transcriber("http://user:pass-word@127.0.0.1:1/v1", api_key="").transcribe(VOICE, OGG)
    assert made is Problem.NOT_HEARD
    assert [line["event"] for line in logs] == ["transcription_failed"]
    assert "pass-word" not in str(logs)


async def test_the_proxy_of_the_environment_is_used(
    server: TranscriptionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ForwardProxy.running() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        made = await transcriber(server.url.replace("127.0.0.1", NAME)).transcribe(VOICE, OGG)
    assert isinstance(made, Transcript)
    assert proxy.paths == ["v1/audio/transcriptions"]
