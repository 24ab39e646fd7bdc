"""A thread that was not listed since the session began is listed before the message of an event is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import discord

from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.channels import ListableChannel

THREAD, MARK, MESSAGE = 5, 90, 100


def message(
    kind: type[discord.abc.MessageableChannel] = discord.Thread, id_: int = MESSAGE
) -> discord.Message:
    """A message in a thread, or in a channel of another kind."""
    made = object.__new__(discord.Message)
    made.id, channel = id_, object.__new__(kind)
    channel.id = THREAD
    made.channel = channel
    return made


class Listed:
    """Notes what is listed, as the channel, the mark, where to look again from, and the first message not to list."""

    def __init__(self, mark: int | None = MARK) -> None:
        self.mark = mark
        self.is_away = False
        self.calls: list[tuple[int, int | None, int | None, int | None]] = []
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def marks(self, channels: Sequence[int]) -> list[int | None]:
        if self.is_away:
            raise StoreUnavailable("away")
        return [self.mark for _ in channels]

    async def catch_up(
        self, listable: ListableChannel, mark: int | None, recheck_from: int | None, *, before: int
    ) -> None:
        self.calls.append((listable.id, mark, recheck_from, before))
        self.began.set()
        await self.may_end.wait()


def backlog_of(listed: Listed, list_s: float = 60.0) -> Backlog:
    return Backlog(cast("Any", listed), cast("Any", listed), list_s=list_s)


async def test_a_thread_is_listed_once_as_far_as_the_message() -> None:
    listed = Listed()
    backlog = backlog_of(listed)
    assert await backlog.list_before(message())
    assert not await backlog.list_before(message(id_=MESSAGE + 1))
    assert listed.calls == [(THREAD, MARK, None, MESSAGE)]


async def test_a_thread_without_a_mark_is_listed() -> None:
    listed = Listed(mark=None)
    await backlog_of(listed).list_before(message(discord.DMChannel))
    assert listed.calls == [(THREAD, None, None, MESSAGE)]


async def test_what_a_sweep_has_listed_or_a_mark_covers_and_other_channels_take_no_call() -> None:
    listed = Listed()
    backlog = backlog_of(listed)
    await backlog.list_before(message(discord.TextChannel))
    backlog.note(THREAD)
    await backlog.list_before(message())
    backlog.end()
    await backlog.list_before(message())
    backlog.begin()
    listed.mark = MESSAGE - 1
    await backlog.list_before(message())
    assert listed.calls == []


async def test_a_new_session_or_a_store_that_went_back_has_it_listed_again() -> None:
    listed = Listed()
    backlog = backlog_of(listed)
    await backlog.list_before(message())
    backlog.end()
    backlog.begin(recheck_from=80)
    backlog.begin()
    listed.mark = MESSAGE + 7
    await backlog.list_before(message())
    assert listed.calls[1:] == [(THREAD, MESSAGE + 7, 80, MESSAGE)]
    backlog.end()
    backlog.begin()
    listed.mark = MARK
    await backlog.list_before(message())
    assert listed.calls[2:] == [(THREAD, MARK, None, MESSAGE)]


async def test_two_messages_at_once_share_a_listing() -> None:
    listed = Listed()
    listed.may_end.clear()
    backlog = backlog_of(listed)
    both = [asyncio.create_task(backlog.list_before(message(id_=MESSAGE + number))) for number in range(2)]
    await listed.began.wait()
    assert not any(each.done() for each in both)
    listed.may_end.set()
    await asyncio.gather(*both)
    assert len(listed.calls) == 1


async def test_no_message_overtakes_those_that_wait() -> None:
    listed = Listed()
    listed.may_end.clear()
    backlog, order = backlog_of(listed), []

    async def handle(number: int) -> None:
        await backlog.list_before(message(id_=MESSAGE + number))
        order.append(number)

    handling = [asyncio.create_task(handle(0))]
    await listed.began.wait()
    listed.may_end.set()
    for number in range(1, 8):  # a message in each iteration of the loop in which the listing ends
        handling.append(asyncio.create_task(handle(number)))
        await asyncio.sleep(0)
    await asyncio.gather(*handling)
    assert order == list(range(8))


async def test_a_message_waits_neither_for_a_listing_that_takes_long_nor_for_one_that_fails() -> None:
    listed = Listed()
    listed.may_end.clear()
    backlog = backlog_of(listed, list_s=0.01)
    await backlog.list_before(message())
    assert len(listed.calls) == 1
    listed.may_end.set()
    away = Listed()
    away.is_away = True
    backlog = backlog_of(away)
    await backlog.list_before(message())
    away.is_away = False
    await backlog.list_before(message())
    assert away.calls == []


async def test_a_channel_that_was_listed_for_the_session_before_is_listed_again() -> None:
    listed = Listed()
    listed.may_end.clear()
    backlog = backlog_of(listed)
    first = asyncio.create_task(backlog.list_before(message()))
    await listed.began.wait()
    backlog.begin()
    listed.may_end.set()
    await first
    await backlog.list_before(message(id_=MESSAGE + 1))
    assert [before for *_, before in listed.calls] == [MESSAGE, MESSAGE + 1]
