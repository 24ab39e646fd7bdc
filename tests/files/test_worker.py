"""What a file becomes, converted in this process."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from PIL import Image

from bot.files.result import Converted, Limits, Pages, Picture, Problem, Recording, Words
from bot.files.worker import convert, dump, load
from tests.files import samples

FIXTURES = Path(__file__).parent / "fixtures"
"""Pillow cannot write them: a photo on its side with a position; a collection whose primary is the second."""

LIMITS = Limits(image_max_edge=320, pdf_pages=2, text_chars=100)


def picture(data: bytes) -> tuple[Picture, Image.Image]:
    made = convert(data, LIMITS)
    assert isinstance(made, Picture)
    with Image.open(io.BytesIO(made.data)) as image:
        image.load()
    assert image.size == (made.width, made.height)
    assert Image.MIME[image.format or ""] == made.media_type
    return made, image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_a_picture_is_scaled_into_a_format_that_the_api_takes(kind: str) -> None:
    made, _ = picture(samples.picture(kind))
    assert max(made.width, made.height) == 320
    assert made.media_type in ("image/png", "image/jpeg")
    assert not made.animated


def test_a_small_picture_is_not_enlarged() -> None:
    made, _ = picture(samples.picture("PNG", (30, 20)))
    assert (made.width, made.height) == (30, 20)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "CMYK"])
def test_a_picture_of_any_colour_mode_is_taken(mode: str) -> None:
    picture(samples.picture("TIFF" if mode == "CMYK" else "PNG", mode=mode))


@pytest.mark.parametrize(("mode", "white"), [("I;16", 65_535), ("I", 1_000_000), ("F", 1.0)])
def test_a_grey_picture_of_more_than_8_bits_keeps_its_shades(mode: str, white: float) -> None:
    grey = Image.new(mode, (30, 20), int(white / 2) if mode != "F" else white / 2)
    grey.paste(0, (0, 0, 10, 20))
    grey.paste(int(white), (20, 0, 30, 20))
    out = io.BytesIO()
    grey.save(out, "TIFF")
    shades = picture(out.getvalue())[1].convert("L")
    left, middle, right = (shades.getpixel((x, 10)) for x in (3, 15, 26))
    assert (left, middle, right) == pytest.approx((0, 127, 255), abs=6)


def test_a_photo_is_turned_upright_and_stripped_of_its_position() -> None:
    made, image = picture(samples.photo((800, 600)))
    assert made.height > made.width
    assert not image.getexif()
    assert b"Exif" not in made.data


def test_a_photo_of_a_phone_is_turned_upright_and_stripped_of_its_position() -> None:
    made, image = picture((FIXTURES / "photo.heic").read_bytes())
    assert (made.width, made.height) == (40, 60)
    assert not image.getexif()


def test_of_a_collection_the_primary_picture_is_taken() -> None:
    made, image = picture((FIXTURES / "collection.heic").read_bytes())
    assert made.animated
    assert image.convert("RGB").getpixel((10, 10)) == pytest.approx((0, 0, 255), abs=3)


def test_of_an_animation_the_first_frame_is_taken_and_it_is_said_so() -> None:
    made, image = picture(samples.animation())
    assert made.animated
    assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_a_transparent_picture_stays_transparent() -> None:
    _, image = picture(samples.picture("PNG", (50, 50), mode="RGBA"))
    assert image.mode == "RGBA"


def test_a_header_that_claims_too_many_pixels_is_refused_before_they_are_decoded() -> None:
    assert convert(samples.huge_header(), LIMITS) is Problem.TOO_LARGE


def test_a_pdf_is_cut_to_its_first_pages() -> None:
    whole = convert(samples.pdf(2), LIMITS)
    assert isinstance(whole, Pages)
    assert (whole.pages, whole.of) == (2, 2)
    longer = convert(samples.pdf(5), LIMITS)
    assert isinstance(longer, Pages)
    assert (longer.pages, longer.of) == (2, 5)
    again = convert(longer.data, LIMITS)
    assert isinstance(again, Pages)
    assert again.of == 2


def test_a_pdf_that_opens_without_a_password_is_decrypted() -> None:
    opened = convert(samples.pdf(password=""), LIMITS)
    assert isinstance(opened, Pages)
    assert b"/Encrypt" not in opened.data


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", Problem.EMPTY),
        (b" \n\t ", Problem.EMPTY),
        (samples.pdf(password="secret"), Problem.ENCRYPTED),
        (samples.pdf(0), Problem.EMPTY),
        (samples.pdf()[:40], Problem.UNREADABLE),
        (samples.picture("PNG")[:60], Problem.UNREADABLE),
        (b"\x89PNG\r\n\x1a\n", Problem.UNREADABLE),
        (b"MZ\x90\x00" + b"\x00" * 100, Problem.UNSUPPORTED),
        (b"\x00\x01\x02\x03" * 50, Problem.UNSUPPORTED),
        (samples.packed({"a.txt": "hello"}), Problem.UNSUPPORTED),
        (samples.document()[:200], Problem.UNREADABLE),
        (b"\x1aE\xdf\xa3", Problem.VIDEO),
    ],
    ids=lambda value: value.value if isinstance(value, Problem) else f"{len(value)} bytes",
)
def test_what_cannot_be_read_has_a_problem_of_its_own(data: bytes, problem: Problem) -> None:
    assert convert(data, LIMITS) is problem


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (samples.voice(2), Recording("ogg", "audio/ogg", 2.0)),
        (samples.webm("A_OPUS"), Recording("webm", "audio/webm")),
        (samples.mp4("vide", "soun"), Problem.VIDEO),
    ],
)
def test_a_recording_is_described_and_not_decoded(data: bytes, expected: Converted) -> None:
    assert convert(data, LIMITS) == expected


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    assert convert(samples.zip_bomb(), LIMITS) is Problem.TOO_LARGE


def words(data: bytes) -> str:
    made = convert(data, Limits())
    assert isinstance(made, Words)
    return made.text


def test_office_files_become_text() -> None:
    assert words(samples.document()) == '## Looms\nThey weave.\nwarp,"weft, too"'
    assert words(samples.spreadsheet()) == "## Yarn\nwool,12.5"
    assert words(samples.open_spreadsheet()) == "## Dyes\nmadder"
    assert words(samples.slides()) == "## Slide 1\nfirst\n\n## Slide 2\nsecond\n\n## Slide 10\ntenth"


WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def test_text_in_content_controls_insertions_and_nested_tables_of_a_document_is_read() -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("a")
    made.element.body.insert(
        0,
        parse_xml(
            f"<w:sdt {WORD}><w:sdtContent><w:p><w:r><w:t>first</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        ),
    )
    for inner in (
        "<w:sdt {0}><w:sdtContent><w:r><w:t>b</w:t></w:r></w:sdtContent></w:sdt>",
        '<w:ins {0} w:id="1" w:author="x"><w:r><w:tab/><w:t>c</w:t></w:r></w:ins>',
        '<w:del {0} w:id="2" w:author="x"><w:r><w:tab/><w:delText>d</w:delText></w:r></w:del>',
        '<w:moveFrom {0} w:id="3" w:author="x"><w:r><w:t>e</w:t></w:r></w:moveFrom>',
    ):
        paragraph._p.append(parse_xml(inner.format(WORD)))
    table = made.add_table(2, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 0).add_table(1, 1).cell(0, 0).text = "nested"
    out = io.BytesIO()
    made.save(out)
    assert words(out.getvalue()) == "first\nab\tc\nwide,,\nnested,,"


def test_the_numbers_of_a_spreadsheet_are_written_as_people_write_them() -> None:
    assert words(samples.spreadsheet("3")) == "## Yarn\nwool,3"


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, Problem.UNSUPPORTED),
        (
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "META-INF/manifest.xml": "<manifest:encryption-data/>",
            },
            Problem.ENCRYPTED,
        ),
    ],
)
def test_an_open_document_that_cannot_be_read_is_not_called_damaged(
    entries: dict[str, str], problem: Problem
) -> None:
    assert convert(samples.packed({**entries, "content.xml": "<a/>"}), LIMITS) is problem


GERMAN = "Die Weberin prüft größere Stücke: süße Äpfel, öde Übungen, heißer Kaffee für die Zuhörer.\n" * 3
RUSSIAN = "Ткачиха проверяет большие куски полотна, а потом пьёт горячий чай вместе со слушателями.\n" * 3
CHINESE = "织布机是一种织造机器，几千年来人们一直在使用它来制作布料。\n" * 3
JAPANESE = "織機は経糸と緯糸を組み合わせて布を織る機械です。昔から世界中で使われてきました。\n" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-32"),
        ("Das Café heißt nun anders.", "cp1252"),
    ],
)
def test_text_of_any_common_encoding_is_read(text: str, encoding: str) -> None:
    assert words(text.encode(encoding)) == text.strip("\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_without_its_mark(encoding: str) -> None:
    assert words(GERMAN.encode(encoding)) == GERMAN.strip("\n")


@pytest.mark.parametrize("text", [RUSSIAN, GERMAN, "Ein Stück ohne Endé"])
def test_utf_8_that_was_cut_within_a_character_is_read(text: str) -> None:
    assert words(f"{text}ö".encode()[:-1]).strip("\n") == text.strip("\n")


def test_a_stray_byte_costs_no_more_than_itself() -> None:
    assert words(GERMAN.encode() + b"caf\xe9 au lait") == f"{GERMAN}caf\ufffd au lait"


@pytest.mark.parametrize("text", ["Café", "naïve", "Der Übergang für Öl, Schlüssel und Äpfel"])
def test_a_short_text_of_western_europe_is_read(text: str) -> None:
    assert words(text.encode("cp1252")) == text


def test_long_text_is_cut_in_its_middle() -> None:
    made = convert(b"begin " + b"x" * 500 + b" end", LIMITS)
    assert isinstance(made, Words)
    assert made.left_out == 410
    assert made.text.startswith("begin x")
    assert made.text.endswith("x end")
    assert "410 characters of this file are left out" in made.text


@pytest.mark.parametrize(
    "result",
    [
        Picture("image/png", b"\n\x00data", 3, 4, animated=True),
        Pages(b"%PDF", 1, 2),
        Words("öl\nund mehr", 3),
        Problem.ENCRYPTED,
    ],
)
def test_a_result_crosses_the_pipe_unchanged(result: Converted) -> None:
    assert load(dump(result)) == result


def test_a_result_that_was_cut_short_is_none() -> None:
    assert load(dump(Words("hello"))[:-1]) is None
    assert load(b"") is None
