"""Writes `.env` and `config.toml`, which only their owner can read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

MODE = 0o600

ENV_HEAD = "# Written by `python -m bot init`. config.example.toml lists every other setting.\n"
TOML_HEAD = ENV_HEAD


def env_text(values: Mapping[str, str]) -> str:
    """Write variables as `.env` holds them."""
    return ENV_HEAD + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    """Quote a value, in which dotenv reads a backslash and a quote behind a backslash as themselves."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def toml_text(values: Mapping[str, str]) -> str:
    """Write settings by path, such as `claude.model`, as `config.toml` holds them."""
    sections: dict[str, list[str]] = {}
    for path, value in values.items():
        section, _, key = path.partition(".")
        # A JSON string without surrogates is a TOML string.
        sections.setdefault(section, []).append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    blocks = [f"\n[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items()]
    return TOML_HEAD + "".join(blocks)


def write_private(path: Path, text: str) -> None:
    """Write a file as a whole, or not at all, readable by its owner alone."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
