"""Files that code has made: fetched from a local Files API, bounded, and named where they cannot be fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from anthropic import AsyncAnthropic

from bot.claude.files import Files
from bot.local.simulator.claude import Claude, MadeFile
from bot.render.part import FILES_MAX
from bot.turns.made_files import MadeFiles

KEY = "a key"


@pytest.fixture
async def claude() -> AsyncIterator[Claude]:
    async with Claude() as server:
        yield server


@pytest.fixture
async def files(claude: Claude) -> AsyncIterator[Files]:
    async with AsyncAnthropic(api_key=KEY, base_url=claude.base_url, max_retries=0) as sdk:
        yield Files(sdk)


def made(claude: Claude, name: str, data: bytes = b"1234") -> str:
    return str(claude.files.make(MadeFile(name, "text/plain", data), KEY).id)


async def test_files_come_with_names_that_discord_keeps_each_its_own(claude: Claude, files: Files) -> None:
    names = ("a b.txt", "a b.txt", "Ünï.csv", ".hidden", "x" * 200 + ".png")
    fetched = await MadeFiles(files, 1000).fetch([made(claude, name) for name in names])
    assert [file.name for file in fetched.files] == [
        "a_b.txt",
        "a_b-2.txt",
        "_n_.csv",
        "hidden",
        "x" * 80 + ".png",
    ]
    assert fetched.files[0].data == b"1234"
    assert fetched.notices == ()


async def test_what_is_too_large_or_too_much_is_named(claude: Claude, files: Files) -> None:
    ids = [made(claude, "small.txt"), made(claude, "large.txt", bytes(90)), made(claude, "late.txt")]
    fetched = await MadeFiles(files, 8).fetch(ids)
    assert [file.name for file in fetched.files] == ["small.txt", "late.txt"]
    assert "`large.txt`" in fetched.notices[0]
    many = [made(claude, f"{number}.txt") for number in range(FILES_MAX + 7)]
    fetched = await MadeFiles(files, 1000).fetch(many)
    assert len(fetched.files) == FILES_MAX
    assert "2 more" in fetched.notices[0]


async def test_what_is_gone_is_said_and_the_others_come(claude: Claude, files: Files) -> None:
    fetched = await MadeFiles(files, 1000).fetch([made(claude, "here.txt"), "file_that_is_gone"])
    assert [file.name for file in fetched.files] == ["here.txt"]
    assert "could not fetch a file" in fetched.notices[0]
