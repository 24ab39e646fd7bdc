"""Real bytes of every kind of file, made here."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
import zlib

import docx
from PIL import Image
from pypdf import PdfWriter

ORIENTATION, GPS = 0x0112, 0x8825


def picture(kind: str, size: tuple[int, int] = (640, 480), *, mode: str = "RGB") -> bytes:
    """A picture with a gradient."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def photo(size: tuple[int, int] = (800, 600)) -> bytes:
    """A JPEG that lies on its side, with its position in the metadata."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


def animation() -> bytes:
    """A GIF of two frames, the first red."""
    out = io.BytesIO()
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    red.save(out, "GIF", save_all=True, append_images=[blue], duration=100)
    return out.getvalue()


def huge_header(edge: int = 30_000) -> bytes:
    """A PNG of a few bytes whose header claims `edge` times `edge` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf(pages: int = 3, *, password: str | None = None) -> bytes:
    """A PDF of blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def document() -> bytes:
    """A .docx with a heading, a paragraph and a table."""
    made = docx.Document()
    made.add_heading("Looms", level=2)
    made.add_paragraph("They weave.")
    table = made.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "warp", "weft, too"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(files: dict[str, str | bytes]) -> bytes:
    """A zip archive; an entry `mimetype` is not compressed, as OpenDocument wants it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return out.getvalue()


def spreadsheet(number: str = "12.5") -> bytes:
    """An .xlsx with one sheet, which holds a word and a number."""
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="Yarn" sheetId="1" '
            'r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData><row r="1">'
            f'<c r="A1" t="inlineStr"><is><t>wool</t></is></c><c r="B1"><v>{number}</v></c></row>'
            "</sheetData></worksheet>",
        }
    )


def open_spreadsheet() -> bytes:
    """An .ods with one sheet."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"/>',
            "content.xml": f'<office:document-content xmlns:office="{office}:office:1.0" '
            f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet>'
            '<table:table table:name="Dyes"><table:table-row><table:table-cell office:value-type="string">'
            "<text:p>madder</text:p></table:table-cell></table:table-row></table:table>"
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def slides() -> bytes:
    """A .pptx with two slides."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    return packed(
        {
            "ppt/presentation.xml": "<presentation/>",
            **{
                f"ppt/slides/slide{number}.xml": f'<sld xmlns:a="{drawing}"><a:p><a:t>{text}</a:t></a:p></sld>'
                for number, text in ((2, "second"), (1, "first"), (10, "tenth"))
            },
        }
    )


def zip_bomb() -> bytes:
    """A .docx of a few hundred kilobytes that unpacks to 300 MB."""
    return packed({"word/document.xml": b"\x00" * 300_000_000})


def voice(seconds: int = 2) -> bytes:
    """Ogg with Opus (RFC 7845): silence, as Discord's clients record a voice note."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 5) + b"tests" + struct.pack("<I", 0)
    packet = b"\xf8\xff\xfe"  # 20 ms of silence
    pages = [_ogg_page(0, 2, 0, [head]), _ogg_page(1, 0, 0, [tags])]
    for second in range(seconds):
        last = 4 if second == seconds - 1 else 0
        pages.append(_ogg_page(second + 2, last, (second + 1) * 48_000, [packet] * 50))
    return b"".join(pages)


def _ogg_page(number: int, kind: int, samples: int, packets: list[bytes]) -> bytes:
    """A page of an Ogg stream (RFC 3533)."""
    lacing = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, samples, 7, number, 0, len(lacing)) + lacing
    page = head + b"".join(packets)
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0) & 0xFFFFFFFF
            crc &= 0xFFFFFFFF
    return page[:22] + struct.pack("<I", crc) + page[26:]


def wav(seconds: float = 0.5, rate: int = 8_000) -> bytes:
    """A WAV of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(b"\x00\x00" * round(seconds * rate))
    return out.getvalue()


def mp4(*tracks: str, seconds: int = 3, brand: bytes = b"mp42") -> bytes:
    """The head of an ISO base media file with tracks of these kinds, such as `soun`."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    length = struct.pack(">IIIII", 0, 0, 0, 1000, seconds * 1000) + bytes(80)
    handlers = b"".join(
        box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + each.encode() + bytes(13)))) for each in tracks
    )
    return box(b"ftyp", brand + bytes(4)) + box(b"moov", box(b"mvhd", length) + handlers)


def webm(*codecs: str) -> bytes:
    """The head of a WebM file with tracks of these codecs, such as `A_OPUS`."""
    tracks = b"".join(b"\xae\x90\x86" + bytes([0x80 | len(each)]) + each.encode() for each in codecs)
    return b"\x1aE\xdf\xa3\x87B\x82\x84webm" + tracks
