"""The content of `.env` and `config.toml`, and how a file with secrets is written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

MODE = 0o600

PLAIN = re.compile(r"[A-Za-z0-9_.:/@%+=,?&~-]+")

HEADER = "# Written by `python -m bot init`. config.example.toml lists every other setting.\n"


def env_text(values: Mapping[str, str]) -> str:
    """Return the content of `.env`."""
    return HEADER + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    """Quote a value for dotenv, which unescapes a backslash and a single quote after a backslash.

    A value that dotenv reads without quotes has none: `docker run --env-file` takes quotes for a part of the value.
    """
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def toml_text(values: Mapping[str, str]) -> str:
    """Return the content of `config.toml`; the settings are named by path, such as `claude.model`."""
    sections: dict[str, list[str]] = {}
    for path, value in values.items():
        section, _, key = path.partition(".")
        # A JSON string without surrogates is a TOML string.
        sections.setdefault(section, []).append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    blocks = [f"\n[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items()]
    return HEADER + "".join(blocks)


def write_private(path: Path, text: str) -> None:
    """Write a file atomically, readable by its owner only."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
