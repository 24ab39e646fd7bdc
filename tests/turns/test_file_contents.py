"""The step that reads attached files, with its downloads, uploads and store replaced at our own seams."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from bot.conversation.content import Document, FileSource, Image, Source, Text
from bot.conversation.message import Attachment, Message, Quote, Quoted
from bot.conversation.prompt import CONTINUE
from bot.conversation.tokens import PRIOR, pdf_tokens
from bot.files.byte_budget import ByteBudget
from bot.files.result import Converted, Limits, Pages, Picture, Problem, Recording, Transcript, Words
from bot.files.token_budget import TokenBudget
from bot.store.claim import Claim
from bot.store.file_store import FileContent
from bot.turns.file_contents import FileContents
from bot.turns.file_notices import FILES_MAX, PROBLEMS
from bot.turns.prepare import Prepared
from tests.conversation.builders import message, snowflake
from tests.store.claims import a_claim

UPLOADED = FileSource("file_1")
PICTURE = Picture("image/png", b"png", 56, 28)


@dataclass
class Bench:
    """Notes the calls of the step."""

    converted: Converted = PICTURE
    downloads: list[tuple[int, int, int]] = field(default_factory=list)
    uploads: int = 0
    kept: dict[tuple[int, int], FileContent] = field(default_factory=dict)
    source: Source | Problem = UPLOADED
    heard: Transcript | Problem | None = None
    recordings: list[Recording] = field(default_factory=list)
    down: bool = False
    limits: Limits = field(default_factory=Limits)
    asked: list[Limits] = field(default_factory=list)
    room: TokenBudget = field(default_factory=TokenBudget)

    async def download(self, channel: int, message: int, attachment: Attachment) -> bytes | Problem:
        self.downloads.append((channel, message, attachment.id))
        return Problem.UNAVAILABLE if self.down else b"data"

    async def convert(self, _data: bytes, limits: Limits) -> Converted:
        self.asked.append(limits)
        match self.converted:
            case Pages():
                return replace(self.converted, pages=min(self.converted.pages, limits.pdf_pages))
            case Picture(width=width, height=height):
                scale = min(1.0, limits.image_max_edge / max(width, height))
                return replace(self.converted, width=round(width * scale), height=round(height * scale))
            case Words() if len(self.converted.text) > limits.text_chars:
                left_out = len(self.converted.text) - limits.text_chars
                return Words(self.converted.text[left_out:], left_out)
        return self.converted

    async def pass_on(self, _conversation: int, _data: bytes, _media_type: str) -> Source | Problem:
        self.uploads += 1
        return self.source

    async def transcribe(self, _data: bytes, recording: Recording) -> Transcript | Problem:
        self.recordings.append(recording)
        assert self.heard is not None
        return self.heard

    async def contents(self, _conversation: int) -> dict[tuple[int, int], FileContent]:
        return dict(self.kept)

    async def keep(self, _conversation: int, message: int, attachment: int, content: FileContent) -> None:
        self.kept[message, attachment] = content

    async def prepare(self, *messages: Message, **more: Any) -> Prepared:
        async def room(_claim: Claim) -> TokenBudget:
            return self.room

        step = FileContents(self.download, cast("Any", self), self.pass_on, cast("Any", self), room)
        if self.heard is not None:
            step = replace(step, transcribe=self.transcribe)
        claim = a_claim(messages[0].id, messages=messages)
        return await step(claim, Prepared(messages, **more))


def with_files(count: int = 1, number: int = 10, first: int = 0) -> Message:
    files = tuple(Attachment(each, f"f{each}.png", "image/png", 4) for each in range(first, first + count))
    return message("look", number=number, attachments=files)


def only(prepared: Prepared) -> Attachment:
    ((attachment,),) = (each.attachments for each in prepared.messages)
    return attachment


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


PAGE = pdf_tokens(1)
PHOTO = Picture("image/jpeg", b"jpg", 1568, 1176)


def tokens(prepared: Prepared) -> list[int]:
    return [PRIOR.blocks(each.blocks) for message in prepared.messages for each in message.attachments]


async def test_a_pdf_is_cut_to_the_pages_that_have_room_and_that_is_said() -> None:
    bench = Bench(Pages(b"pdf", 50, 50), room=TokenBudget(3 * PAGE + 10))
    prepared = await bench.prepare(with_files())
    assert tokens(prepared) == [3 * PAGE]
    assert only(prepared).remark == "the first 3 of its 50 pages"
    assert "I read only the first 3 of 50 pages" in prepared.notices[0]
    assert len(bench.asked) == 1


async def test_several_files_share_the_room_and_the_largest_is_cut_first() -> None:
    bench = Bench(Pages(b"pdf", 50, 50), room=TokenBudget(7 * PAGE))
    assert tokens(await bench.prepare(with_files(3))) == [2 * PAGE] * 3
    assert {each.pdf_pages for each in bench.asked} == {7, 2}


async def test_ten_photos_in_a_small_window_are_scaled_down_and_all_of_them_are_seen() -> None:
    bench = Bench(PHOTO, room=TokenBudget(3000))
    prepared = await bench.prepare(with_files(10))
    sizes = tokens(prepared)
    assert min(sizes) > 200
    assert sum(sizes) <= 3000
    assert "scaled down to " in prepared.messages[0].attachments[0].remark
    named = ", ".join(f"`f{number}.png`" for number in range(9))
    assert prepared.notices == (f"I scaled down {named} and `f9.png`, because there is no room for more.",)


@pytest.mark.parametrize("converted", [Pages(b"pdf", 2, 2), PHOTO, Words("x" * 9000)])
async def test_what_has_no_room_at_all_is_said_and_not_sent(converted: Converted) -> None:
    bench = Bench(converted, room=TokenBudget(20))
    prepared = await bench.prepare(with_files())
    assert only(prepared).blocks == ()
    assert prepared.notices == (f"I could not read `f0.png`: {PROBLEMS[Problem.NO_ROOM][1]}.",)
    assert bench.uploads == 0


async def test_a_text_is_cut_in_its_middle_to_what_has_room() -> None:
    prepared = await Bench(Words("looms weave " * 5000), room=TokenBudget(4000)).prepare(with_files())
    (size,) = tokens(prepared)
    assert 3000 < size <= 4000
    assert "characters of its middle are left out" in only(prepared).remark


async def test_what_was_prepared_before_the_turn_grew_counts_and_stays() -> None:
    bench = Bench(Pages(b"pdf", 50, 50), room=TokenBudget(5 * PAGE))
    first = with_files()
    assert tokens(await bench.prepare(first)) == [5 * PAGE]
    second = message("and", number=11, attachments=(Attachment(77, "b.pdf", "", 4),))
    assert tokens(await bench.prepare(first, second)) == [5 * PAGE, 0]


@pytest.mark.parametrize(("older", "size"), [(False, 56 * 42), (True, 1568)])
async def test_a_picture_costs_less_on_a_model_before_claude_4_7(older: bool, size: int) -> None:
    assert tokens(await Bench(PHOTO, room=TokenBudget(older=older)).prepare(with_files())) == [size]
