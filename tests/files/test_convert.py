"""Files converted as the bot does it: in processes of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.files import convert as module
from bot.files.convert import Converter
from bot.files.result import Limits, Picture, Problem, Words
from tests.files import samples


async def test_a_file_is_converted_in_a_process_of_its_own() -> None:
    converter = Converter(Limits())
    made, text = await asyncio.gather(converter.convert(samples.photo()), converter.convert(b"hello"))
    assert isinstance(made, Picture)
    assert text == Words("hello")


async def test_a_worker_that_takes_too_long_is_killed() -> None:
    converter = Converter(Limits(), timeout_s=0.001)
    assert await converter.convert(samples.photo()) is Problem.TIMED_OUT
    assert not _children()


async def test_a_cancelled_conversion_leaves_no_process() -> None:
    task = asyncio.create_task(Converter(Limits()).convert(samples.photo((4000, 4000))))
    async with asyncio.timeout(30):
        while not _children():  # noqa: ASYNC110 (the kernel tells of a child by no event)
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _children()


async def test_a_worker_that_fails_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await Converter(Limits()).convert(b"hello") is Problem.UNREADABLE


@pytest.mark.parametrize(
    ("signal", "problem"),
    [("KILL", Problem.TIMED_OUT), ("XCPU", Problem.TIMED_OUT), ("ABRT", Problem.TOO_LARGE)],
)
async def test_a_worker_that_a_limit_ends_has_a_problem_of_its_own(
    signal: str, problem: Problem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "worker"
    program.write_text(f"#!/bin/sh\nulimit -c 0\nkill -{signal} $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert await Converter(Limits()).convert(b"hello") is problem


async def test_a_worker_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not {name for name in module.ENVIRONMENT if "TOKEN" in name or "KEY" in name or "URL" in name}
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    assert await Converter(Limits()).convert(b"hello") == Words("hello")


def _children() -> list[str]:
    """The living child processes of this one."""
    me = os.getpid()
    found = (Path("/proc") / str(me) / "task" / str(me) / "children").read_text().split()
    return [pid for pid in found if "worker" in _command(pid)]


def _command(pid: str) -> str:
    try:
        return (Path("/proc") / pid / "cmdline").read_text()
    except OSError:
        return ""
