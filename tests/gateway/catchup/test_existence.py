"""What was deleted unheard is found, and an outage is no deletion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.gateway import error_codes
from bot.gateway.catchup import existence
from bot.gateway.catchup.existence import Existence
from bot.gateway.conversion import reading
from bot.render.pace import Pace
from bot.store.known_conversations import Known

SERVER, CHANNEL, THREAD, OTHER = 1, 2, 3, 4


def failure(kind: type[discord.HTTPException], status: int, code: int) -> discord.HTTPException:
    return kind(cast("Any", SimpleNamespace(status=status, reason="")), {"code": code, "message": ""})


UNKNOWN_CHANNEL = failure(discord.NotFound, 404, error_codes.UNKNOWN_CHANNEL)
UNKNOWN_GUILD = failure(discord.NotFound, 404, error_codes.UNKNOWN_GUILD)


class Asked:
    """Answers by id: each answer once, the last one for ever; an error is raised."""

    def __init__(self, answers: dict[int, list[object]]) -> None:
        self.answers = answers

    async def get(self, id_: int, **_: object) -> object:
        given = self.answers[id_]
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


PAGES = "pages"


def channel() -> discord.TextChannel:
    """A text channel that discord.py knows."""
    made = object.__new__(discord.TextChannel)
    made.id, made._type = CHANNEL, discord.ChannelType.text.value
    return made


class Erased:
    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    async def missing_thread(self, thread: int) -> None:
        self.calls.append(("thread", thread))

    async def channel(self, server: int, channel: int) -> None:
        self.calls.append(("channel", server, channel))

    async def server(self, server: int) -> None:
        self.calls.append(("server", server))


async def erased(
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[int, list[object]],
    *,
    guild: object = SimpleNamespace(id=SERVER, unavailable=False, get_channel=lambda _: None),
    listed: tuple[int, ...] = (CHANNEL,),
) -> list[tuple[object, ...]]:
    """Look at a thread and another one in a channel of a server; returns what was erased."""

    async def channels(_: object) -> list[object]:
        return [SimpleNamespace(id=each) for each in listed]

    async def active_threads(_: object) -> list[object]:
        return [SimpleNamespace(id=OTHER)]

    async def pages() -> AsyncIterator[list[Known]]:
        yield [Known(THREAD, 0, SERVER, CHANNEL)]
        yield [Known(OTHER, 0, SERVER, CHANNEL)]

    monkeypatch.setattr(reading, "channels", channels)
    monkeypatch.setattr(reading, "active_threads", active_threads)
    asked, gone = Asked(answers), Erased()
    http = SimpleNamespace(get_channel=asked.get, get_guild=asked.get)
    client = cast("Any", SimpleNamespace(http=http, get_guild=lambda _: guild))
    places = cast("Any", SimpleNamespace(pages=pages))
    await Existence(client, places, cast("Any", gone), Pace(), confirm_s=0).look()
    return gone.calls


async def test_a_thread_that_discord_calls_unknown_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await erased(monkeypatch, {THREAD: [UNKNOWN_CHANNEL]}) == [("thread", THREAD)]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        failure(discord.Forbidden, 403, 50001),
        failure(discord.NotFound, 404, 0),
    ],
)
async def test_an_archived_thread_one_that_may_not_be_read_and_an_answer_without_a_code_stay(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    assert await erased(monkeypatch, {THREAD: [answer]}) == []


async def test_a_thread_that_is_known_at_the_second_question_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await erased(monkeypatch, {THREAD: [UNKNOWN_CHANNEL, {}]}) == []


@pytest.mark.parametrize(
    "outage", [failure(discord.DiscordServerError, 503, 0), aiohttp.ClientConnectionError()]
)
async def test_in_an_outage_nothing_is_erased(monkeypatch: pytest.MonkeyPatch, outage: Exception) -> None:
    with pytest.raises(type(outage)):
        await erased(monkeypatch, {THREAD: [UNKNOWN_CHANNEL, outage]})


async def test_a_deleted_channel_is_erased_with_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = await erased(monkeypatch, {CHANNEL: [UNKNOWN_CHANNEL]}, listed=())
    assert calls == [("channel", SERVER, CHANNEL)]


async def test_a_server_that_the_bot_has_left_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await erased(monkeypatch, {SERVER: [UNKNOWN_GUILD]}, guild=None) == [("server", SERVER)]


async def looked(
    monkeypatch: pytest.MonkeyPatch, *, known: int, archived: list[int], private: list[int]
) -> tuple[list[int], dict[str, int]]:
    """Look at so many known threads of a channel; returns those erased, and how often Discord was asked for what."""
    calls = {PAGES: 0, "threads": 0}

    def lists(ids: list[int]) -> Any:
        async def threads(_: object) -> AsyncIterator[object]:
            for number, each in enumerate(ids):
                calls[PAGES] += number % reading.PAGE == 0
                yield SimpleNamespace(id=each)

        return threads

    async def of_server(_: object) -> list[object]:
        return [SimpleNamespace(id=CHANNEL)]

    async def none_active(_: object) -> list[object]:
        return []

    async def get(id_: int, **_: object) -> object:
        calls["threads"] += 1
        if id_ in archived or id_ in private:
            return {}
        raise UNKNOWN_CHANNEL

    async def pages() -> AsyncIterator[list[Known]]:
        for start in range(0, known, 100):
            yield [Known(100 + each, 0, SERVER, CHANNEL) for each in range(start, min(known, start + 100))]

    monkeypatch.setattr(reading, "channels", of_server)
    monkeypatch.setattr(reading, "active_threads", none_active)
    monkeypatch.setattr(reading, "archived_threads", lists(archived))
    monkeypatch.setattr(reading, "joined_archived_threads", lists(private))
    guild = SimpleNamespace(id=SERVER, unavailable=False, get_channel=lambda _: channel())
    client = cast("Any", SimpleNamespace(http=SimpleNamespace(get_channel=get), get_guild=lambda _: guild))
    gone = Erased()
    places = cast("Any", SimpleNamespace(pages=pages))
    await Existence(client, places, cast("Any", gone), Pace(), confirm_s=0).look()
    return [int(str(thread)) for _, thread in gone.calls], calls


async def test_a_thousand_archived_threads_are_listed_by_the_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [100 + number for number in range(1000)]
    deleted = [105, 700, 1001]
    left = [each for each in ids if each not in deleted]
    private = left[-50:]
    erased, calls = await looked(monkeypatch, known=1000, archived=left[:-50], private=private)
    assert erased == deleted
    assert calls == {PAGES: 11, "threads": 2 * len(deleted)}


async def test_among_many_threads_of_others_no_more_pages_are_read_than_there_are_threads_to_find(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = [10_000 + number for number in range(5000)]
    erased, calls = await looked(monkeypatch, known=4, archived=[*others, 100, 101], private=[])
    assert erased == [102, 103]
    assert calls == {PAGES: 4, "threads": 4 + 2}


async def test_an_unavailable_server_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    away = SimpleNamespace(id=SERVER, unavailable=True)
    assert await erased(monkeypatch, {THREAD: [UNKNOWN_CHANNEL]}, guild=away) == []


async def test_however_often_a_session_began_there_is_one_look_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    day_s = 0.1
    monkeypatch.setattr(existence, "EVERY_S", day_s)
    clock = asyncio.get_running_loop().time
    looks: asyncio.Queue[float] = asyncio.Queue()

    class Looking(Existence):
        async def look(self) -> None:
            looks.put_nowait(clock())

    nothing: Any = None
    watched = Looking(nothing, nothing, nothing, nothing)
    watching = asyncio.create_task(watched.watch())
    for _ in range(4):
        watched.request()
        last = await looks.get()
        await asyncio.sleep(day_s / 5)  # at another time of the day
    while not looks.empty():  # on a busy machine a day may have passed meanwhile
        last = looks.get_nowait()
    for _ in range(3):
        before, last = last, await looks.get()
        assert last - before >= day_s * 0.9  # timers of the loop are exact to its clock's resolution
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
