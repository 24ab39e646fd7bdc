"""When the lines of the log are handed over to the system."""

from __future__ import annotations

import asyncio
import io
import logging

from bot.telemetry.line_writer import LineWriter
from tests.patience import idle_timeout


class Stream(io.StringIO):
    """Notes what is handed over, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_over: list[str] = []
        self.flushed = asyncio.Event()

    def flush(self) -> None:
        if text := self.getvalue():
            self.handed_over.append(text)
            self.truncate(0)
            self.seek(0)
            self.flushed.set()


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    """A line of the log."""
    return logging.LogRecord("bot", level, "", 0, text, None, None)


async def test_lines_of_the_same_moment_are_handed_over_together() -> None:
    stream = Stream()
    writer = LineWriter(stream)
    writer.handle(record("one"))
    writer.handle(record("two"))
    assert stream.handed_over == []
    async with idle_timeout(30):
        await stream.flushed.wait()
    assert stream.handed_over == ["one\ntwo\n"]
    stream.flushed.clear()
    writer.handle(record("three"))
    async with idle_timeout(30):
        await stream.flushed.wait()
    assert stream.handed_over[1:] == ["three\n"]


async def test_a_warning_takes_along_at_once_what_waits() -> None:
    stream = Stream()
    writer = LineWriter(stream)
    writer.handle(record("one"))
    writer.handle(record("two", logging.WARNING))
    assert stream.handed_over == ["one\ntwo\n"]


async def test_the_end_of_the_process_takes_along_what_waits() -> None:
    stream = Stream()
    writer = LineWriter(stream)
    writer.handle(record("one"))
    writer.flush()  # as logging.shutdown does
    assert stream.handed_over == ["one\n"]


async def test_another_thread_waits_for_nothing() -> None:
    stream = Stream()
    writer = LineWriter(stream)
    await asyncio.to_thread(writer.handle, record("one"))
    assert stream.handed_over == ["one\n"]


def test_without_a_loop_each_line_is_handed_over_at_once() -> None:
    stream = Stream()
    writer = LineWriter(stream)
    writer.handle(record("one"))
    assert stream.handed_over == ["one\n"]


def test_a_loop_that_has_ended_keeps_no_later_line_back() -> None:
    stream = Stream()
    writer = LineWriter(stream)

    async def wait(text: str) -> None:
        writer.handle(record(text))

    asyncio.run(wait("one"))

    async def see() -> None:
        writer.handle(record("two"))
        async with idle_timeout(30):
            await stream.flushed.wait()

    asyncio.run(see())
    assert "".join(stream.handed_over) == "one\ntwo\n"
