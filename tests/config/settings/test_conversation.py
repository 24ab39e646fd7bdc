"""The section `[voice]`."""

from pathlib import Path

import pytest

from bot.config import VoiceSettings
from bot.conversation.errors import StartError
from tests.config.stage import read


@pytest.mark.parametrize(
    "url",
    [
        "https://h",
        "https://h/",
        "https://h/v1",
        "https://h/v1/",
        "https://h/v1/audio/transcriptions",
        "https://h/v1/audio/transcriptions/",
    ],
)
def test_the_address_of_the_transcriptions_may_be_the_whole_one_or_its_beginning(url: str) -> None:
    settings = VoiceSettings.model_validate({"url": url})
    assert settings.url == "https://h/v1/audio/transcriptions"
    assert VoiceSettings.model_validate({"url": settings.url}) == settings


def test_a_transcription_server_takes_a_key_or_a_password_and_not_both(tmp_path: Path) -> None:
    with pytest.raises(StartError) as caught:
        read(tmp_path, '[voice]\nurl = "https://u:hunter2@h"\napi_key = "hunter2"')
    assert "api_key" in caught.value.line
    assert "hunter2" not in caught.value.line


def test_the_options_of_a_transcription_address_stay() -> None:
    settings = VoiceSettings.model_validate({"url": "https://h/openai/x?api-version=1"})
    assert settings.url == "https://h/openai/x/audio/transcriptions?api-version=1"
