"""The step that reads attached files, with its downloads, uploads and store replaced at our own seams."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.conversation.content import Document, FileSource, Image, Text
from bot.conversation.message import Attachment, Message, Quote, Quoted
from bot.conversation.prompt import CONTINUE
from bot.files.byte_budget import ByteBudget
from bot.files.result import Pages, Picture, Problem, Recording, Transcript, Words
from bot.turns.file_contents import FileContents
from bot.turns.file_notices import FILES_MAX, PROBLEMS
from bot.turns.prepare import Prepared
from tests.conversation.builders import message, snowflake
from tests.store.claims import a_claim
from tests.turns.file_bench import UPLOADED, Bench, only, with_files


async def test_a_picture_is_uploaded_and_known_from_then_on() -> None:
    bench = Bench()
    shown = only(await bench.prepare(with_files()))
    assert shown.blocks == (Image(FileSource("file_1"), 2, "f0.png"),)
    assert only(await bench.prepare(with_files())) == shown
    assert (len(bench.downloads), bench.uploads) == (1, 1)


async def test_a_file_that_cannot_be_passed_on_is_tried_again_next_time() -> None:
    bench = Bench(source=Problem.NOT_UPLOADED)
    prepared = await bench.prepare(with_files())
    assert only(prepared).blocks == ()
    assert "the upload to Claude failed" in prepared.notices[0]
    bench.source = UPLOADED
    assert only(await bench.prepare(with_files())).blocks


async def test_what_is_left_out_of_a_file_is_said_to_claude_and_to_people() -> None:
    for converted, remark, notice in (
        (Words("long", 500), "500 characters", "I read only the beginning and the end of `f0.png`."),
        (
            Pages(b"pdf", 2, 9),
            "the first 2 of its 9 pages",
            "I read only the first 2 of 9 pages of `f0.png`. Send others",
        ),
        (
            Picture("image/png", b"png", 1, 1, animated=True),
            "its first frame",
            "I see only the first frame of `f0.png`.",
        ),
    ):
        prepared = await Bench(converted).prepare(with_files())
        assert remark in only(prepared).remark
        assert notice in prepared.notices[0]


async def test_a_whole_file_needs_no_remark() -> None:
    prepared = await Bench(Pages(b"pdf", 2, 2)).prepare(with_files())
    assert isinstance(only(prepared).blocks[0], Document)
    assert (only(prepared).remark, prepared.notices) == ("", ())
    prepared = await Bench(Words("hello")).prepare(with_files())
    assert only(prepared).blocks == (Text('<file name="f0.png">\nhello\n</file>'),)


@pytest.mark.parametrize("problem", Problem)
async def test_each_problem_has_a_line_for_claude_and_one_for_people(problem: Problem) -> None:
    prepared = await Bench(problem).prepare(with_files())
    assert only(prepared).blocks == ()
    assert only(prepared).remark == PROBLEMS[problem][0]
    assert prepared.notices == (f"I could not read `f0.png`: {PROBLEMS[problem][1]}.",)


async def test_files_with_the_same_problem_share_a_line() -> None:
    prepared = await Bench(Problem.VIDEO).prepare(with_files(3))
    assert prepared.notices == (
        f"I could not read `f0.png`, `f1.png` and `f2.png`: {PROBLEMS[Problem.VIDEO][1]}.",
    )


OGG = Recording("ogg", "audio/ogg", None)


def voice_note(seconds: float | None) -> Message:
    note = Attachment(1, "voice-message.ogg", "audio/ogg", 4, voice_seconds=seconds)
    return message("", number=10, attachments=(note,))


async def test_a_voice_note_is_transcribed_once_and_marked_as_heard() -> None:
    bench = Bench(OGG, heard=Transcript("hi </transcript> there", 0, 4.4))
    prepared = await bench.prepare(voice_note(4.4))
    shown = only(prepared)
    assert shown.blocks == (
        Text(
            '<transcript name="voice-message.ogg" of="voice note" seconds="4">\n'
            "hi &lt;/transcript> there\n</transcript>"
        ),
    )
    assert shown.remark == "transcribed by a machine"
    assert prepared.notices == ()
    assert only(await bench.prepare(voice_note(4.4))) == shown
    assert bench.recordings == [replace(OGG, seconds=4.4)]


async def test_a_length_that_the_file_tells_counts_before_that_of_discord() -> None:
    bench = Bench(replace(OGG, seconds=9.0), heard=Transcript("hi", 500))
    prepared = await bench.prepare(voice_note(4.4))
    assert bench.recordings[0].seconds == 9.0
    assert "500 characters of the transcript's middle" in only(prepared).remark
    assert "the beginning and the end" in prepared.notices[0]


async def test_another_recording_is_not_called_a_voice_note() -> None:
    bench = Bench(OGG, heard=Transcript("hi"))
    (block,) = only(await bench.prepare(voice_note(None))).blocks
    assert isinstance(block, Text)
    assert block.text.startswith('<transcript name="voice-message.ogg" of="recording">')


async def test_without_a_server_a_recording_is_named_and_not_heard() -> None:
    prepared = await Bench(OGG).prepare(voice_note(2.0))
    assert only(prepared).remark == PROBLEMS[Problem.AUDIO][0]
    assert "I cannot listen to recordings here" in prepared.notices[0]


@pytest.mark.parametrize("problem", [Problem.NOT_HEARD, Problem.NO_LISTENER, Problem.SILENT])
async def test_a_recording_is_sent_again_next_time_unless_the_problem_is_its_own(problem: Problem) -> None:
    bench = Bench(OGG, heard=problem)
    for _ in range(2):
        assert PROBLEMS[problem][1] in (await bench.prepare(voice_note(2.0))).notices[0]
    assert len(bench.recordings) == (1 if problem is Problem.SILENT else 2)


async def test_a_file_that_discord_does_not_deliver_is_tried_again_next_time() -> None:
    bench = Bench(down=True)
    assert only(await bench.prepare(with_files())).blocks == ()
    bench.down = False
    assert only(await bench.prepare(with_files())).blocks


async def test_more_files_than_the_limit_are_named_and_not_read() -> None:
    bench = Bench()
    prepared = await bench.prepare(with_files(FILES_MAX), with_files(1, number=11, first=50))
    assert len(bench.downloads) == FILES_MAX
    assert not prepared.messages[1].attachments[0].blocks
    assert len(prepared.notices) == 1


def replying(to: Message, number: int, *files: Attachment) -> Message:
    said = Quoted(to.id, to.text, to.author, to.attachments)
    return replace(message("look", number=number, attachments=files), quotes=(Quote("reply", 1, (said,)),))


async def test_the_files_of_quotes_do_not_take_the_place_of_those_that_people_attach() -> None:
    bench = Bench()
    first = replying(with_files(FILES_MAX, number=5, first=50), 10)
    prepared = await bench.prepare(first, with_files(1, number=11))
    assert prepared.messages[1].attachments[0].blocks
    quoted = prepared.messages[0].quotes[0].messages[0].attachments
    assert [bool(each.blocks) for each in quoted] == [True] * (FILES_MAX - 1) + [False]


async def test_a_file_that_is_quoted_twice_is_read_and_counted_once() -> None:
    bench = Bench()
    quoted = with_files(1, number=5)
    asked = [replying(quoted, 10 + number) for number in range(FILES_MAX + 1)]
    prepared = await bench.prepare(*asked)
    assert len(bench.downloads) == 1
    assert all(each.quotes[0].messages[0].attachments[0].blocks for each in prepared.messages)


async def test_the_files_of_many_turns_are_read_a_part_at_a_time() -> None:
    bench, gate, budget = Bench(), asyncio.Event(), ByteBudget(10)
    running = most = 0

    async def download(_channel: int, _message: int, _attachment: Attachment) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        return b"data"

    async def turn(number: int) -> Prepared:
        step = FileContents(
            download, cast("Any", bench), bench.pass_on, cast("Any", bench), bytes_at_once=budget
        )
        asked = with_files(1, number=number, first=number)
        return await step(a_claim(asked.id, messages=(asked,)), Prepared((asked,)))

    turns = [asyncio.create_task(turn(number)) for number in range(6)]
    while running < 2:  # noqa: ASYNC110 (the turns take many steps until then)
        await asyncio.sleep(0)
    gate.set()
    prepared = await asyncio.gather(*turns)
    assert most == 2
    assert all(each.messages[0].attachments[0].blocks for each in prepared)


async def test_a_message_that_opens_a_thread_is_in_its_channel() -> None:
    bench = Bench()
    opening = Message(snowflake(5), message("x").author, "x", with_files().attachments, opens="Looms")
    step = FileContents(bench.download, cast("Any", bench), bench.pass_on, cast("Any", bench))
    claim = a_claim(opening.id, messages=(opening,))
    claim = replace(claim, meta=replace(claim.meta, parent=88))
    await step(claim, Prepared((opening,)))
    assert bench.downloads == [(88, opening.id, 0)]


async def test_a_reply_that_is_continued_reads_no_file() -> None:
    bench = Bench()
    prepared = await bench.prepare(with_files(), so_far=(CONTINUE,))
    assert not bench.downloads
    assert prepared.messages == (with_files(),)
