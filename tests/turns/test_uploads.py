"""How a file is passed on to Claude, with the Files API replaced at our own seam, on a real Redis server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.content import FileSource, InlineSource, Source
from bot.conversation.errors import ClaudeUnreachable
from bot.files.result import Problem
from bot.store.claim import Lease
from bot.store.held_files import HeldFiles
from bot.store.keys import Keys
from bot.turns.uploads import Uploads
from tests.store.claims import lease_of

C, D = 77, 78
KEYS = Keys("test")


@dataclass
class Api:
    """A Files API: `fails` once the next upload has arrived or before, `missing` if the server has none.

    Uploads are `held_back` until that is set, and one is `waiting` then.
    """

    stored: list[str] = field(default_factory=list)
    loses_answer: bool = False
    fails: bool = False
    missing: bool = False
    listed: int = 0
    held_back: asyncio.Event | None = None
    waiting: bool = False

    async def upload(self, name: str, _data: bytes, _media_type: str) -> str | None:
        await asyncio.sleep(0)
        if self.missing:
            return None
        if self.fails:
            raise ClaudeUnreachable
        if self.held_back is not None:
            self.waiting = True
            await self.held_back.wait()
        self.stored.append(name)
        if self.loses_answer:
            self.loses_answer = False
            raise ClaudeUnreachable
        return f"file_{len(self.stored)}"

    async def find(self, digests: tuple[str, ...]) -> dict[str, str]:
        self.listed += 1
        names = {name.partition(".")[0]: f"file_{at}" for at, name in enumerate(self.stored, start=1)}
        return {digest: names[digest] for digest in digests if digest in names}


@pytest.fixture
async def held(redis: Redis) -> HeldFiles:
    for conversation in (C, D):
        await lease_of(redis, KEYS, conversation)
    return HeldFiles(redis, KEYS, ttl_s=1000, upload_s=1000, inline_bytes=1000)


def uploads(api: Api, held: HeldFiles, mode: Any = "auto") -> Uploads:
    return Uploads(cast("Any", api), held, b"key", mode)


async def png(made: Uploads, conversation: int = C, data: bytes = b"png") -> Source | Problem:
    return await made.source(Lease(conversation, 1), data, "image/png")


async def test_the_same_bytes_are_uploaded_once_in_a_conversation(held: HeldFiles) -> None:
    api = Api()
    assert await png(uploads(api, held)) == FileSource("file_1")
    assert await png(uploads(api, held)) == FileSource("file_1")
    assert await png(uploads(api, held), data=b"other") == FileSource("file_2")
    assert await png(uploads(api, held), D) == FileSource("file_3")
    assert api.listed == 0


async def test_the_same_bytes_twice_at_once_are_uploaded_once(held: HeldFiles) -> None:
    api = Api()
    made = uploads(api, held)
    assert set(await asyncio.gather(png(made), png(made))) == {FileSource("file_1")}
    assert len(api.stored) == 1


async def test_a_name_tells_nothing_of_the_file_to_who_has_no_key(held: HeldFiles) -> None:
    api = Api()
    await png(uploads(api, held))
    await png(Uploads(cast("Any", api), held, b"another key", "auto"))
    first, second = api.stored
    assert first != second
    assert first.endswith(".png")


async def test_an_upload_whose_answer_was_lost_is_found_by_its_name(held: HeldFiles) -> None:
    api = Api(loses_answer=True)
    assert isinstance(await png(uploads(api, held)), InlineSource)
    assert await png(uploads(api, held)) == FileSource("file_1")
    assert (len(api.stored), api.listed) == (1, 1)


async def test_a_worker_whose_upload_comes_late_names_the_file_of_the_next_worker(held: HeldFiles) -> None:
    held_back = asyncio.Event()
    api = Api(held_back=held_back)
    late = asyncio.create_task(png(uploads(api, held)))
    while not api.waiting:  # noqa: ASYNC110 - the other task says so
        await asyncio.sleep(0)
    api.held_back = None
    assert await png(uploads(api, held)) == FileSource("file_1")
    held_back.set()
    assert await late == FileSource("file_1")
    assert len(api.stored) == 2
    assert await held.discarded(C) == ("file_2",)


async def test_an_upload_whose_turn_is_cancelled_is_finished_and_known(held: HeldFiles) -> None:
    held_back = asyncio.Event()
    api = Api(held_back=held_back)
    made = uploads(api, held)
    turn = asyncio.create_task(png(made))
    while not api.waiting:  # noqa: ASYNC110 - the other task says so
        await asyncio.sleep(0)
    turn.cancel()
    await asyncio.wait([turn])
    api.held_back = None
    held_back.set()
    while made.running:  # noqa: ASYNC110 - the other task says so
        await asyncio.sleep(0)
    assert await png(made) == FileSource("file_1")
    assert (len(api.stored), api.listed) == (1, 0)


async def test_a_file_that_is_about_to_be_deleted_is_not_taken_for_a_lost_upload(
    redis: Redis, held: HeldFiles
) -> None:
    api = Api()
    await png(uploads(api, held))
    await redis.sadd(Keys("test").discarded(C), "file_1")
    await redis.delete(Keys("test").uploads(C))
    api.fails = True
    await png(uploads(api, held))
    api.fails = False
    assert await png(uploads(api, held)) == FileSource("file_2")


async def test_an_upload_that_never_arrived_is_made_again(held: HeldFiles) -> None:
    api = Api(fails=True)
    await png(uploads(api, held))
    api.fails = False
    assert await png(uploads(api, held)) == FileSource("file_1")


async def test_inline_bytes_are_stored_and_nothing_is_uploaded(held: HeldFiles) -> None:
    api = Api()
    source = await png(uploads(api, held, "inline"))
    assert isinstance(source, InlineSource)
    assert (await held.held(C, [source])).inline == {source.digest: "cG5n"}
    assert api.stored == []
    assert await png(uploads(api, held, "inline"), data=b"x" * 1000) is Problem.TOO_LARGE


@pytest.mark.parametrize(("mode", "level"), [("auto", "warning"), ("files", "error")])
async def test_the_operator_is_told_once_that_the_server_has_no_files_api(
    held: HeldFiles, mode: str, level: str
) -> None:
    made = uploads(Api(missing=True), held, mode)
    with capture_logs() as logs:
        sources = [await png(made), await png(made)]
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("files_api_missing", level)]
    if mode == "files":
        assert "claude.files" in logs[0]["hint"]
        assert sources == [Problem.NOT_UPLOADED] * 2
    else:
        assert all(isinstance(source, InlineSource) for source in sources)


async def test_where_only_uploads_are_allowed_a_failed_one_is_a_problem(held: HeldFiles) -> None:
    assert await png(uploads(Api(fails=True), held, "files")) is Problem.NOT_UPLOADED
