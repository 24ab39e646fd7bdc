"""The release before this one, taken out of the repository, to run beside this one.

It is the latest tag, or, where there is no tag yet, the commit that `last_release.txt` names.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = Path(__file__).with_suffix(".txt")

PARTS = ("bot", "tests", "pyproject.toml")

UNKNOWN_SETTINGS = ("BOT_TOOLS__",)
"""How the variables of settings begin that the last release refuses because they are newer."""


class NoRelease(Exception):
    """The last release is not to be had; the text says why, and how to get it."""


@dataclass(frozen=True, slots=True)
class LastRelease:
    """The last release, unpacked into `root`."""

    name: str
    root: Path

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return what of an environment of this release the last one takes."""
        return {name: value for name, value in environment.items() if not name.startswith(UNKNOWN_SETTINGS)}


def unpack(root: Path) -> LastRelease:
    """Unpack the last release into a directory; NoRelease if this clone does not have it."""
    name = _name()
    packed = _git("archive", name, *PARTS)
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        # Python before 3.11.4 has no filters; this is an archive of our own.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(root)  # noqa: S202
    return LastRelease(name, root)


def _name() -> str:
    """Return the latest tag of an earlier commit, or the commit that the file names, once this clone has it."""
    try:
        return _git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip()
    except NoRelease:
        commit = NAMED.read_text("ascii").strip()
    try:
        _git("cat-file", "-e", f"{commit}^{{commit}}")
    except NoRelease as error:
        raise NoRelease(
            f"the last release, {commit[:12]}, is not in this clone ({error}): git fetch --unshallow --tags"
        ) from None
    return commit


def _git(*arguments: str) -> bytes:
    if (git := shutil.which("git")) is None:
        raise NoRelease("git is not installed")
    done = subprocess.run([git, *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise NoRelease(said[0] if said else f"git ends with {done.returncode}")
    return done.stdout
