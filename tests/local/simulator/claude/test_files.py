"""The Files API, through the unmodified SDK."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude import Claude, HandClock
from tests.files import samples

PNG = samples.picture("PNG", (28, 28))


async def upload(
    sdk: AsyncAnthropic, data: bytes = PNG, kind: str = "image/png", name: str = "loom.png"
) -> str:
    return (await sdk.files.upload(file=(name, data, kind), expires_in_seconds=7200)).id


async def ask(sdk: AsyncAnthropic, kind: str, source: Any) -> None:
    block: Any = {"type": kind, "source": source}
    content: Any = [{"type": "text", "text": "What is this?"}, block]
    await sdk.messages.create(
        model="claude-haiku-5-5", max_tokens=100, messages=[{"role": "user", "content": content}]
    )


def inline(data: bytes, media_type: str) -> dict[str, str]:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


async def test_a_file_is_uploaded_named_in_a_message_and_deleted(claude: Claude, sdk: AsyncAnthropic) -> None:
    file_id = await upload(sdk)
    assert (await sdk.files.retrieve_metadata(file_id)).size_bytes == len(PNG)
    await ask(sdk, "image", {"type": "file", "file_id": file_id})
    assert [file.id async for file in sdk.files.list(ids=[file_id])] == [file_id]
    await sdk.files.delete(file_id)
    with pytest.raises(anthropic.NotFoundError):
        await ask(sdk, "image", {"type": "file", "file_id": file_id})
    assert not claude.files.files


async def test_a_key_sees_the_files_of_its_own_workspace_only(claude: Claude, sdk: AsyncAnthropic) -> None:
    file_id = await upload(sdk)
    other = sdk.with_options(api_key="another key")
    assert [file async for file in other.files.list()] == []
    for call in (
        other.files.delete(file_id),
        other.files.retrieve_metadata(file_id),
        ask(other, "image", {"type": "file", "file_id": file_id}),
    ):
        with pytest.raises(anthropic.NotFoundError):
            await call
    assert list(claude.files.files) == [file_id]


async def test_files_are_listed_page_by_page_newest_first(sdk: AsyncAnthropic) -> None:
    made = [await upload(sdk) for _ in range(5)]
    first = await sdk.files.list(limit=2)
    assert [file.id for file in first.data] == made[:2:-1]
    assert [file.id async for file in sdk.files.list(limit=2)] == made[::-1]
    for wrong in ({"ids": made, "limit": 2}, {"limit": 0}, {"page": "page_x"}):
        with pytest.raises(anthropic.BadRequestError):
            await sdk.files.list(**wrong)


async def test_a_file_dies_with_its_expiry(clock: HandClock, sdk: AsyncAnthropic) -> None:
    file_id = await upload(sdk)
    assert (await sdk.files.retrieve_metadata(file_id)).expires_at is not None
    clock.advance(7201)
    assert [file async for file in sdk.files.list()] == []
    with pytest.raises(anthropic.NotFoundError):
        await ask(sdk, "image", {"type": "file", "file_id": file_id})


async def test_a_file_of_the_wrong_type_for_its_block_is_refused(sdk: AsyncAnthropic) -> None:
    file_id = await upload(sdk)
    with pytest.raises(anthropic.BadRequestError):
        await ask(sdk, "document", {"type": "file", "file_id": file_id})


@pytest.mark.parametrize("name", ["", "a/b.png", "x" * 256])
async def test_a_name_that_the_api_refuses_is_refused(sdk: AsyncAnthropic, name: str) -> None:
    with pytest.raises(anthropic.BadRequestError):
        await upload(sdk, name=name)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("image", inline(PNG, "image/jpeg")),
        ("image", inline(PNG, "image/tiff")),
        ("document", inline(samples.pdf(password="secret"), "application/pdf")),
        ("document", inline(b"no pdf", "application/pdf")),
        ("image", {"type": "base64", "media_type": "image/png", "data": "?"}),
    ],
)
async def test_bytes_that_are_not_what_the_block_says_are_refused(
    sdk: AsyncAnthropic, kind: str, source: dict[str, str]
) -> None:
    with pytest.raises(anthropic.BadRequestError):
        await ask(sdk, kind, source)


async def test_bytes_that_are_what_the_block_says_are_taken(sdk: AsyncAnthropic) -> None:
    await ask(sdk, "image", inline(PNG, "image/png"))
    await ask(sdk, "document", inline(samples.pdf(), "application/pdf"))


async def test_an_uploaded_picture_costs_by_its_size_and_a_pdf_by_its_pages(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    await ask(sdk, "image", {"type": "file", "file_id": await upload(sdk)})
    small = total(claude)
    await ask(
        sdk, "image", {"type": "file", "file_id": await upload(sdk, samples.picture("PNG", (560, 280)))}
    )
    assert total(claude) - small == 20 * 10 - 1
    pages = [await upload(sdk, samples.pdf(each), "application/pdf") for each in (1, 4)]
    sizes = []
    for file_id in pages:
        await ask(sdk, "document", {"type": "file", "file_id": file_id})
        sizes.append(total(claude))
    assert sizes[1] - sizes[0] == 3 * (2000 + 40 * 56)
    await ask(sdk, "document", inline(samples.pdf(4), "application/pdf"))
    assert total(claude) == sizes[1]


async def test_tokens_are_counted_without_a_look_into_an_uploaded_picture(sdk: AsyncAnthropic) -> None:
    counts = []
    for size in ((28, 28), (560, 280)):
        source: Any = {"type": "file", "file_id": await upload(sdk, samples.picture("PNG", size))}
        content: Any = [{"type": "image", "source": source}]
        counted = await sdk.messages.count_tokens(
            model="claude-haiku-5-5", messages=[{"role": "user", "content": content}]
        )
        counts.append(counted.input_tokens)
    assert counts[0] == counts[1]


def total(claude: Claude) -> int:
    """The input tokens of the latest request."""
    usage = claude.requests[-1].usage
    assert usage is not None
    return sum(
        int(usage[kind] or 0)
        for kind in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )


@asynccontextmanager
async def client(claude: Claude) -> AsyncIterator[AsyncAnthropic]:
    async with httpx2.AsyncClient() as http:
        yield AsyncAnthropic(api_key="a key", base_url=claude.base_url, max_retries=0, http_client=http)


async def test_files_outlive_the_process_where_a_folder_keeps_them(tmp_path: Path) -> None:
    async with Claude(files=tmp_path / "kept") as first, client(first) as sdk:
        gone, kept = await upload(sdk), await upload(sdk, name="kept.png")
        await sdk.files.delete(gone)
    (tmp_path / "kept" / "file_broken.json").write_text("{")
    async with Claude(files=tmp_path / "kept") as second, client(second) as sdk:
        assert [file.filename async for file in sdk.files.list()] == ["kept.png"]
        assert (await sdk.files.retrieve_metadata(kept)).expires_at is not None
        await ask(sdk, "image", {"type": "file", "file_id": kept})
        await sdk.files.delete(kept)
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["file_broken.json"]


async def test_in_a_request_with_many_pictures_none_may_be_long(sdk: AsyncAnthropic) -> None:
    small, long = (
        {"type": "image", "source": inline(samples.picture("PNG", size), "image/png")}
        for size in ((28, 28), (2001, 28))
    )

    async def send(*blocks: Any) -> None:
        content: Any = [{"type": "text", "text": "What is this?"}, *blocks]
        await sdk.messages.create(
            model="claude-haiku-5-5", max_tokens=100, messages=[{"role": "user", "content": content}]
        )

    await send(*[small] * 19, long)
    await send(*[small] * 25)
    with pytest.raises(anthropic.BadRequestError, match="2000 pixels"):
        await send(*[small] * 20, long)
