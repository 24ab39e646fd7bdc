"""The process that parses one file: `python -m bot.files.worker`.

Standard input holds a line of JSON with the limits, then the bytes of the file; standard output gets a line of JSON
with the result, then its bytes. The process limits its own time and memory before it reads anything.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from typing import Any

from bot.files.kind import HEAD_BYTES, Kind, kind_of
from bot.files.recording import holds_sound_alone, recording_in
from bot.files.result import Converted, Limits, Pages, Picture, Problem, Recording, Words

CPU_S = 20
MEMORY_BYTES = 1_500_000_000
"""A picture of 60 million pixels takes 240 MB, and some copies of that; the libraries map 300 MB."""


def convert(data: bytes, limits: Limits) -> Converted:
    """Return the content of a file; UNREADABLE for whatever exception a parser meets in a broken file."""
    try:
        return _convert(data, limits) if data else Problem.EMPTY
    except MemoryError:
        return Problem.TOO_LARGE
    except Exception:  # noqa: BLE001 - the parsers of other people's libraries promise no set of exceptions
        return Problem.UNREADABLE


def _convert(data: bytes, limits: Limits) -> Converted:
    match kind_of(data[:HEAD_BYTES]):
        case Kind.IMAGE:
            from bot.files.converters import image

            return image.convert(data, limits)
        case Kind.PDF:
            from bot.files.converters import pdf

            return pdf.convert(data, limits)
        case Kind.ZIP:
            from bot.files.converters import office

            return office.convert_zip(data, limits)
        case Kind.OLE:
            from bot.files.converters import office

            return office.convert_ole(data, limits)
        case Kind.TEXT:
            from bot.files.converters import text

            return text.convert(data, limits)
        case Kind.AUDIO:
            return recording_in(data)
        case Kind.VIDEO:
            return recording_in(data) if holds_sound_alone(data) else Problem.VIDEO
        case Kind.BINARY:
            return Problem.UNSUPPORTED


def dump(result: Converted) -> bytes:
    """Write a result for the parent process."""
    if isinstance(result, Problem):
        return _message("problem", {"problem": result.value})
    fields: dict[str, Any] = asdict(result)
    if isinstance(result, Words):
        return _message("words", {"left_out": result.left_out}, result.text.encode("utf-8", "replace"))
    if isinstance(result, Recording):
        return _message("recording", fields)
    data = fields.pop("data")
    return _message("picture" if isinstance(result, Picture) else "pages", fields, data)


def load(output: bytes) -> Converted | None:
    """Read the result of a worker, None if the worker did not write one."""
    head, separator, data = output.partition(b"\n")
    if not separator:
        return None
    fields = json.loads(head)
    if len(data) != fields.pop("bytes"):
        return None
    match fields.pop("type"):
        case "picture":
            return Picture(data=data, **fields)
        case "pages":
            return Pages(data=data, **fields)
        case "words":
            return Words(text=data.decode(), **fields)
        case "recording":
            return Recording(**fields)
        case _:
            return Problem(fields["problem"])


def _message(kind: str, fields: dict[str, Any], data: bytes = b"") -> bytes:
    return json.dumps({"type": kind, **fields, "bytes": len(data)}).encode() + b"\n" + data


def main() -> None:
    """Convert what standard input holds."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limits = Limits(**json.loads(sys.stdin.buffer.readline()))
    data = sys.stdin.buffer.read()
    sys.stdout.buffer.write(dump(convert(data, limits)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
