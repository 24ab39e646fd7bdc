"""The version of the bot: of the checkout, or of the installed package."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def version() -> str:
    """Return the version of the checkout if there is one, since another version may be installed as well."""
    try:
        return str(tomllib.loads(PROJECT.read_text())["project"]["version"])
    except (OSError, ValueError, KeyError):
        pass
    try:
        return metadata.version("bobbin")
    except metadata.PackageNotFoundError:
        return "(unknown)"
